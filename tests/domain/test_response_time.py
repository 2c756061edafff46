"""Urgent findings do not wait for Monday; what waits is promised no sooner than somebody is there."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.response_time import ResponseTimes
from recovery_api.domain.tiers import Tier
from recovery_api.domain.working_hours import WorkingHours
from recovery_api.packs.rule_pack import rule_pack

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY_AFTERNOON = datetime(2026, 3, 6, 22, tzinfo=UTC)  # 17:00 in New York, two days before clocks change
MINUTES = rule_pack().respond_minutes
CLOCK = ResponseTimes(MINUTES, rule_pack().out_of_hours_minutes, WorkingHours(NEW_YORK))


def local(text: str) -> datetime:
    """A local time of New York: the 2nd of March 2026 is a Monday."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=NEW_YORK).astimezone(UTC)


def by(tier: Tier, raised: str, minutes: int | None = None) -> str:
    due = CLOCK.respond_by(tier, minutes or MINUTES[tier], local(raised))
    return due.astimezone(NEW_YORK).strftime("%d %H:%M")


@pytest.mark.parametrize("tier", [Tier.EMERGENCY, Tier.URGENT, Tier.TODAY])
def test_while_the_clinic_is_open_a_tier_has_its_minutes(tier: Tier) -> None:
    due = CLOCK.respond_by(tier, MINUTES[tier], FRIDAY_AFTERNOON)
    assert due == FRIDAY_AFTERNOON + timedelta(minutes=MINUTES[tier])


@pytest.mark.parametrize(
    ("raised", "minutes", "due"),
    [
        ("06 17:59", None, "06 19:59"),
        ("06 18:00", None, "06 22:00"),
        ("07 03:00", None, "07 07:00"),  # a Saturday
        ("04 07:00", None, "04 10:00"),  # two hours of the day that begins soon, and not four of the night
        ("04 03:00", 60, "04 04:00"),  # a rule that wants somebody sooner keeps its minutes
        ("04 03:00", 360, "04 09:00"),
    ],
)
def test_out_of_hours_an_urgent_finding_has_four_hours(raised: str, minutes: int | None, due: str) -> None:
    assert by(Tier.URGENT, raised, minutes) == due


@pytest.mark.parametrize(
    ("raised", "due"),
    [
        ("03 20:00", "04 20:00"),  # the clinic opens in between
        ("06 17:59", "07 17:59"),  # somebody is still there
        ("06 18:00", "09 12:00"),  # nobody is before Monday, when the clocks were put forward as well
        ("08 07:00", "09 12:00"),
        ("08 09:00", "09 12:00"),  # and no sooner than what came before it
    ],
)
def test_what_is_for_today_reaches_the_first_morning_on_which_the_clinic_opens(raised: str, due: str) -> None:
    assert by(Tier.TODAY, raised) == due


@pytest.mark.parametrize("weekend_days", [0, 1, 2])
def test_review_counts_three_working_days_at_the_same_hour(weekend_days: int) -> None:
    raised_at = FRIDAY_AFTERNOON + timedelta(days=weekend_days)
    due = CLOCK.respond_by(Tier.REVIEW, 4320, raised_at).astimezone(NEW_YORK)
    assert (due.strftime("%A"), due.day) == ("Wednesday", 11)
    assert due.hour == raised_at.astimezone(NEW_YORK).hour


def test_a_holiday_is_no_working_day() -> None:
    monday = local("09 09:00").date()
    closed = ResponseTimes(MINUTES, {}, WorkingHours(NEW_YORK, holidays=frozenset({monday})))
    assert closed.respond_by(Tier.REVIEW, 1440, FRIDAY_AFTERNOON) == local("10 17:00")
    assert closed.respond_by(Tier.TODAY, 1440, local("05 17:00")) == local("06 17:00")


@pytest.mark.parametrize(
    ("raised", "due"),
    [
        ("11-25 17:59", "11-26 17:59"),  # somebody is still there
        ("11-25 18:00", "11-28 12:00"),  # the third closed day, and not Monday: as after any weekend
        ("11-27 09:00", "11-28 12:00"),
        ("11-28 17:00", "11-29 17:00"),
        ("11-29 17:00", "11-30 17:00"),
        ("11-29 18:00", "11-30 18:00"),
    ],
)
def test_what_is_for_today_waits_for_no_closure_longer_than_a_weekend(raised: str, due: str) -> None:
    thanksgiving = WorkingHours(NEW_YORK, holidays=frozenset({date(2026, 11, 26), date(2026, 11, 27)}))
    raised_at = datetime.fromisoformat(f"2026-{raised}").replace(tzinfo=NEW_YORK)
    found = ResponseTimes(MINUTES, {}, thanksgiving).respond_by(Tier.TODAY, 1440, raised_at)
    assert found.astimezone(NEW_YORK).strftime("%m-%d %H:%M") == due


@pytest.mark.parametrize(
    ("raised", "minutes", "due"),
    [
        ("06 16:00", 120, "06 18:00"),
        ("06 18:00", 120, "09 10:00"),  # its own two hours of Monday morning, and not the four of others
        ("08 07:00", 600, "09 12:00"),
        ("09 03:00", 600, "09 13:00"),
    ],
)
def test_a_rule_for_today_keeps_its_own_shorter_minutes_from_the_opening_on(
    raised: str, minutes: int, due: str
) -> None:
    assert by(Tier.TODAY, raised, minutes) == due


CLOSED_DAYS = st.frozensets(st.dates(date(2026, 11, 1), date(2026, 12, 31)), max_size=61)


@given(
    minutes=st.integers(1, 1440),
    weekdays=st.frozensets(st.integers(0, 6)),
    holidays=CLOSED_DAYS,
    raised=st.lists(st.integers(0, 50 * 24 * 60), min_size=2, max_size=2).map(sorted),
)
def test_what_is_for_today_is_due_soon_however_long_a_clinic_is_closed(
    minutes: int, weekdays: frozenset[int], holidays: frozenset[date], raised: list[int]
) -> None:
    clock = ResponseTimes(MINUTES, {}, WorkingHours(NEW_YORK, weekdays=weekdays, holidays=holidays))
    first, second = (datetime(2026, 11, 2, tzinfo=UTC) + timedelta(minutes=minute) for minute in raised)
    due = clock.respond_by(Tier.TODAY, minutes, first)
    assert due <= clock.respond_by(Tier.TODAY, minutes, second), "what comes later is due no sooner"
    assert first + timedelta(minutes=minutes) <= due <= first + timedelta(days=3), "three days at the very most"


def test_review_may_be_given_less_than_a_day() -> None:
    assert CLOCK.respond_by(Tier.REVIEW, 90, FRIDAY_AFTERNOON) == FRIDAY_AFTERNOON + timedelta(minutes=90)


@given(
    tier=st.sampled_from(list(Tier)),
    minutes=st.integers(1, 3000),
    raised=st.integers(0, 365 * 24 * 60).map(
        lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    ),
    waited=st.integers(0, 600),
)
def test_what_a_patient_is_told_is_never_sooner_than_the_clock(
    tier: Tier, minutes: int, raised: datetime, waited: int
) -> None:
    now = raised + timedelta(minutes=waited)
    due = CLOCK.respond_by(tier, minutes, raised)
    hours = CLOCK.hours_left(tier, minutes, raised, now)
    assert due >= raised + timedelta(minutes=minutes) - timedelta(hours=tier is Tier.REVIEW), "clocks may go forward"
    assert now + timedelta(hours=hours) >= due
    assert hours == 2 or now + timedelta(hours=hours - 1) < due, "and no later than it must be"
