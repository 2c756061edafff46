"""How the pages say groups, times and durations."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from recovery_api.clinic import words
from recovery_api.clinic.words import Group
from recovery_api.domain.tiers import Tier

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 22, 14, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-3, "0 min"),
        (0, "0 min"),
        (39.9, "39 min"),
        (60, "1 h 00"),
        (88, "1 h 28"),
        (1500, "1 d 1 h"),
        (2880, "2 d 0 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(minutes: float, said: str) -> None:
    assert words.duration(minutes) == said


@pytest.mark.parametrize(("minutes", "said"), [(15, "15 min"), (120, "2 h"), (90, "1 h 30"), (4320, "3 d")])
def test_a_stretch_that_was_set_has_no_empty_unit(minutes: int, said: str) -> None:
    assert words.span(minutes) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 22, 12, 42, tzinfo=UTC), "07:42"),
        (datetime(2026, 11, 22, 4, 30, tzinfo=UTC), "Sat 21 Nov 23:30"),
        (datetime(2026, 11, 27, 15, 30, tzinfo=UTC), "Fri 27 Nov 10:30"),
        (datetime(2025, 11, 13, 13, 0, tzinfo=UTC), "13-Nov-2025 08:00"),
    ],
)
def test_a_moment_is_told_on_the_clinics_clock_with_its_day_unless_that_is_today(at: datetime, said: str) -> None:
    assert words.moment_of(at, NEW_YORK, NOW) == said


def test_a_day_cannot_be_misread_across_the_ocean() -> None:
    assert words.day_of(date(1948, 3, 12)) == "12-Mar-1948"


@pytest.mark.parametrize(("on", "age"), [(date(2026, 3, 11), 77), (date(2026, 3, 12), 78), (date(2027, 1, 1), 78)])
def test_age_turns_on_the_birthday(on: date, age: int) -> None:
    assert words.age_on(date(1948, 3, 12), on) == age


@pytest.mark.parametrize(
    ("tier", "family", "group"),
    [
        (Tier.EMERGENCY, "red_flag", Group.EMERGENCY),
        (Tier.REVIEW, "non_recovery", Group.REVIEW),
        (Tier.TODAY, "silence", Group.SILENT),
        (Tier.REVIEW, "silence", Group.SILENT),
        (Tier.URGENT, "silence", Group.URGENT),
    ],
)
def test_silence_has_its_own_group_unless_it_became_urgent(tier: Tier, family: str, group: Group) -> None:
    assert words.group_of(tier, family) is group


def test_groups_are_counted_most_urgent_first_and_empty_ones_left_out() -> None:
    counts = {"silent": 4, "emergency": 2, "urgent": 1, "today": 0}
    assert words.counted_groups(counts) == "2 emergencies, 1 urgent, 4 silent"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+12125550100", "+1 212 555 0100"),
        ("+447700900123", "+447700900123"),
        ("", ""),
        ("+1212555010x", "+1212555010x"),
    ],
)
def test_a_north_american_number_is_given_room(number: str, said: str) -> None:
    assert words.phone_of(number) == said
