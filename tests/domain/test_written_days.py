"""Days and levels as people write them: read where they are plain, refused where they could be something else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.errors import Invalid
from recovery_api.domain.vertebrae import VERTEBRAE, read_levels
from recovery_api.domain.written_days import read_day

DAY = date(1948, 3, 12)


@pytest.mark.parametrize(
    "written",
    [
        "1948-03-12", "1948/3/12", " 12 Mar 1948 ", "12-mar-1948", "March 12, 1948", "12th March 1948", "12.march.1948",
        "1948-03-12 00:00:00", "1948-03-12T00:00",
    ],
)  # fmt: skip
def test_a_plain_day_is_read(written: str) -> None:
    assert read_day(written, "born_on") == DAY


@pytest.mark.parametrize(("written", "day"), [("25/03/1948", 25), ("3/25/1948", 25), ("03.03.1948", 3)])
def test_numbers_that_can_be_one_day_only_are_read(written: str, day: int) -> None:
    assert read_day(written, "born_on") == date(1948, 3, day)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_two_numbers_before_a_year_are_read_only_where_no_other_day_could_be_meant(day: date) -> None:
    for written in (f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}"):
        if day.day <= 12 and day.day != day.month:
            with pytest.raises(Invalid, match="could be") as refused:
                read_day(written, "born_on")
            assert day.isoformat() in refused.value.message
        else:
            assert read_day(written, "born_on") == day


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("17604", "number of days"), ("3/4/48", "four digits"), ("12 Mar 48", "four digits"), ("soon", "not a date"),
        ("2026-02-30", "no day of the calendar"), ("31/04/1950", "no day of"), ("12 Foo 1948", "not a date"),
        ("1899-12-31", "between"), ("", "not a date"), ("1948-03-12 07:30", "not a date"), ("١٩٤٨-٠٣-١٢", "not a date"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_reason(written: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_day(written, "born_on")


@given(st.sets(st.sampled_from(VERTEBRAE)), st.sampled_from([", ", " ", ";", "/", " + "]))
def test_levels_are_read_in_any_order_and_come_from_the_neck_down(levels: set[str], between: str) -> None:
    read = read_levels(between.join(sorted(levels)).lower())
    assert set(read) == levels
    assert list(read) == sorted(read, key=VERTEBRAE.index)


@pytest.mark.parametrize("written", ["L1-L3", "L6", "T13", "L", "12", "T12;X", "TT1"])
def test_no_level_is_guessed(written: str) -> None:
    with pytest.raises(Invalid, match="write"):
        read_levels(written)


def test_other_names_of_the_chest_are_known() -> None:
    assert read_levels("Th12 D11") == ("T11", "T12")
