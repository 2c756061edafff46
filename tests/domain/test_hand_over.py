"""Handing a duty over: at every minute somebody has it, the giver never again before the next shift of theirs."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.errors import Conflict
from recovery_api.domain.hand_over import hand_over
from recovery_api.domain.rota import Shift, on_duty

ZONE = ZoneInfo("America/New_York")
DAY, NIGHT, TAKER = (UUID(int=number) for number in (1, 2, 3))
MONDAY = date(2026, 11, 16)
WEEK = [
    *[Shift(DAY, "nurse", time(7), time(19), weekday=day) for day in range(7)],
    *[Shift(NIGHT, "nurse", time(19), time(7), weekday=day) for day in range(7)],
]


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), ZONE)


def after(shifts: list[Shift], written: dict[date, list[Shift]]) -> list[Shift]:
    """The rota once what was written stands in place of the single shifts of those days."""
    kept = [one for one in shifts if one.on not in written]
    return kept + [one for mine in written.values() for one in mine]


def who(shifts: list[Shift], now: datetime) -> list[UUID]:
    return on_duty(shifts, frozenset(), "nurse", now, ZONE)


def test_a_day_shift_is_handed_over_for_the_rest_of_the_day() -> None:
    rota = after(WEEK, hand_over(WEEK, frozenset(), "nurse", (DAY, TAKER), at(11, 30), ZONE))
    assert who(rota, at(11, 29)) == [DAY]
    assert who(rota, at(11, 30)) == who(rota, at(18, 59)) == [TAKER]
    assert who(rota, at(19)) == [NIGHT]
    assert who(rota, at(8, day=1)) == [DAY]


def test_a_night_shift_is_handed_over_on_both_sides_of_midnight() -> None:
    for now in (at(22), at(2, day=1)):
        rota = after(WEEK, hand_over(WEEK, frozenset(), "nurse", (NIGHT, TAKER), now, ZONE))
        assert who(rota, now - timedelta(minutes=1)) == [NIGHT]
        assert who(rota, now) == who(rota, at(6, 59, day=1)) == [TAKER]
        assert who(rota, at(7, day=1)) == [DAY]
        assert who(rota, at(20, day=1)) == [NIGHT]


@given(st.integers(0, 6), st.integers(0, 23), st.integers(0, 59), st.integers(0, 48 * 60))
def test_nothing_but_the_rest_of_the_shift_changes(day: int, hour: int, minute: int, later: int) -> None:
    now = at(hour, minute, day)
    [giver] = who(WEEK, now)
    rota = after(WEEK, hand_over(WEEK, frozenset(), "nurse", (giver, TAKER), now, ZONE))
    instant = now + timedelta(minutes=later)
    end = next(t for t in (at(7, 0, day), at(19, 0, day), at(7, 0, day + 1)) if t > now)
    expected = [TAKER] if instant < end else who(WEEK, instant)
    assert who(rota, instant) == expected


def test_a_second_hand_over_keeps_the_first() -> None:
    once = after(WEEK, hand_over(WEEK, frozenset(), "nurse", (DAY, TAKER), at(9), ZONE))
    twice = after(once, hand_over(once, frozenset(), "nurse", (TAKER, DAY), at(12), ZONE))
    assert [who(twice, at(hour))[0] for hour in (8, 10, 13)] == [DAY, TAKER, DAY]


def test_who_does_not_have_the_duty_hands_nothing_over() -> None:
    with pytest.raises(Conflict):
        hand_over(WEEK, frozenset(), "nurse", (NIGHT, TAKER), at(12), ZONE)
