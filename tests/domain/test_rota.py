"""The rota: who is on duty at an instant, over hand-overs, nights, holidays and changes of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.rota import HOLIDAY, Shift, on_duty
from recovery_api.domain.working_hours import WorkingHours

NEW_YORK = ZoneInfo("America/New_York")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAY, NIGHT, STAND_IN = uuid4(), uuid4(), uuid4()
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda ahead: FIRST + timedelta(minutes=ahead))
WEEK = [
    shift
    for weekday in range(7)
    for shift in (
        Shift(DAY, "nurse", time(7), time(19), weekday),
        Shift(NIGHT, "nurse", time(19), time(7), weekday),
    )
]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def nurses(at: datetime, *more: Shift, holidays: frozenset[date] = frozenset()) -> list[UUID]:
    return on_duty([*WEEK, *more], holidays, "nurse", at, NEW_YORK)


def test_at_the_hand_over_the_one_who_comes_has_the_duty() -> None:
    assert nurses(local("2026-11-20T18:59:59")) == [DAY]
    assert nurses(local("2026-11-20T19:00:00")) == [NIGHT]
    assert nurses(local("2026-11-21T06:59:59")) == [NIGHT]
    assert nurses(local("2026-11-21T07:00:00")) == [DAY]


def test_a_duty_that_nobody_has_is_nobodys() -> None:
    assert on_duty(WEEK, frozenset(), "lead", local("2026-11-20T12:00:00"), NEW_YORK) == []


def test_a_shift_of_a_single_day_stands_in_for_that_days_weekly_ones() -> None:
    swap = Shift(STAND_IN, "nurse", time(7), time(19), on=date(2026, 11, 20))
    assert nurses(local("2026-11-20T12:00:00"), swap) == [STAND_IN]
    assert nurses(local("2026-11-21T12:00:00"), swap) == [DAY]


def test_on_a_holiday_its_own_shifts_stand_and_without_any_the_weekly_ones() -> None:
    thanksgiving = date(2026, 11, 26)
    held = Shift(STAND_IN, "nurse", time(0), time(0), HOLIDAY)
    noon = local("2026-11-26T12:00:00")
    assert nurses(noon, held, holidays=frozenset({thanksgiving})) == [STAND_IN]
    assert nurses(noon, holidays=frozenset({thanksgiving})) == [DAY]
    assert nurses(noon, held) == [DAY]


@given(MOMENTS)
def test_a_rota_without_gaps_has_somebody_on_duty_at_every_instant(moment: datetime) -> None:
    assert len(nurses(moment)) == 1


@given(MOMENTS, st.integers(0, 4))
def test_the_next_working_moment_is_open_and_never_in_the_past(moment: datetime, closed_days: int) -> None:
    closed = frozenset((moment + timedelta(days=day)).date() for day in range(closed_days))
    hours = WorkingHours(NEW_YORK, holidays=closed)
    opens = hours.next_open(moment)
    shown = opens.astimezone(NEW_YORK)
    assert opens >= moment
    assert hours.works_on(shown.date())
    assert time(8) <= shown.time() < time(18)
    assert hours.next_open(opens) == opens
