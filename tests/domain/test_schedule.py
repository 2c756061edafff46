"""The dated plan: nothing missing, nothing doubled, nothing in quiet hours, in every time zone of the world."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recovery_api.domain.protocol import TEXTS_A_DAY, Step
from recovery_api.domain.schedule import (
    PlannedReminder,
    Visit,
    allowed_until,
    local_instant,
    plan_reminders,
    scheduled_days,
    within_quiet_hours,
)
from recovery_api.packs.protocol_pack import protocol_pack

PROTOCOL = protocol_pack()
NEW_YORK, APIA = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
PROCEDURES = st.dates(date(2024, 1, 1), date(2035, 12, 31))
TIMES = st.times()


def plan(
    zone: ZoneInfo = NEW_YORK,
    procedure_on: date = date(2026, 3, 1),
    preferred: time = time(10),
    visits: tuple[Visit, ...] = (),
    first: int = 0,
    last: int = 365,
) -> tuple[PlannedReminder, ...]:
    start, end = procedure_on + timedelta(days=first), procedure_on + timedelta(days=last)
    return plan_reminders(PROTOCOL, procedure_on, zone, preferred, visits, start, end)


def local(reminder: PlannedReminder, zone: ZoneInfo = NEW_YORK) -> datetime:
    return reminder.due_at.astimezone(zone)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


# Local instants


def test_a_plain_local_time_is_its_instant():
    assert local_instant(NEW_YORK, date(2026, 7, 1), time(10)) == utc(2026, 7, 1, 14)


def test_a_time_that_spring_skips_is_the_first_instant_after_the_gap():
    assert local_instant(NEW_YORK, date(2026, 3, 8), time(2, 30)) == utc(2026, 3, 8, 7)
    assert local_instant(NEW_YORK, date(2026, 3, 8), time(2)) == utc(2026, 3, 8, 7)
    assert local_instant(ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4), time(2, 15)) == utc(2026, 10, 3, 15, 30)


def test_a_time_that_autumn_repeats_is_its_first_occurrence():
    assert local_instant(NEW_YORK, date(2026, 11, 1), time(1, 30)) == utc(2026, 11, 1, 5, 30)
    assert local_instant(NEW_YORK, date(2026, 11, 1), time(1, 30, fold=1)) == utc(2026, 11, 1, 5, 30)


def test_a_time_on_a_day_that_does_not_exist_is_the_start_of_the_next():
    assert local_instant(APIA, date(2011, 12, 30), time(10)) == utc(2011, 12, 30, 10)
    assert utc(2011, 12, 30, 10).astimezone(APIA) == datetime(2011, 12, 31, tzinfo=APIA)


@given(ZONES, st.dates(date(1970, 1, 2), date(2036, 12, 30)), TIMES)
@settings(max_examples=400)
def test_a_local_instant_shows_its_time_or_ends_a_gap_around_it(zone, on, at):
    wall = datetime.combine(on, at.replace(microsecond=0))
    instant = local_instant(zone, on, at)
    shown = instant.astimezone(zone).replace(tzinfo=None)
    before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert instant.astimezone(zone).fold == 0 or shown > wall
    assert shown == wall or before < wall < shown


# Quiet hours


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(8, 59, True), (9, 0, False), (19, 59, False), (20, 0, True), (0, 0, True)]
)
def test_texts_wait_before_9_and_from_20_on(hour, minute, quiet):
    assert within_quiet_hours(datetime(2026, 7, 1, hour, minute, tzinfo=NEW_YORK), NEW_YORK) is quiet


def test_the_hours_for_texts_end_at_20_on_the_patients_clock():
    assert allowed_until(utc(2026, 7, 1, 14), NEW_YORK) == utc(2026, 7, 2, 0)
    assert allowed_until(utc(2026, 7, 2, 3), NEW_YORK) == utc(2026, 7, 2, 0)


# The plan


def test_a_year_begins_with_a_check_in_rest_posture_and_ends_with_a_check_in():
    reminders = plan()
    first_days = [(item.kind, item.local_on.day, item.text_key) for item in reminders if item.local_on.day <= 4][:5]
    assert first_days == [
        ("check_in", 2, "check_in_pain"),
        ("rest", 2, "rest_short_walks"),
        ("check_in", 3, "check_in_pain"),
        ("check_in", 4, "check_in_pain"),
        ("posture", 4, "posture_sitting"),
    ]
    assert reminders[-1].local_on == date(2027, 3, 1)


def test_a_check_in_comes_at_the_preferred_time_and_expires_when_quiet_begins():
    reminder = plan(preferred=time(10, 15), first=7, last=7)[0]  # the day on which clocks spring forward
    assert reminder.due_at == utc(2026, 3, 8, 14, 15)
    assert reminder.expires_at == utc(2026, 3, 9, 0)
    assert (reminder.kind, reminder.slot, reminder.question) == ("check_in", "day", "pain")


@pytest.mark.parametrize(
    ("preferred", "due"),
    [(time(3), time(9)), (time(23), time(19, 30)), (time(19, 45), time(19, 30)), (time(19), time(19))],
)
def test_a_preferred_time_outside_the_hours_moves_inside(preferred, due):
    assert local(plan(preferred=preferred, first=2, last=2)[0]).time() == due


def test_a_visit_is_announced_the_day_before_in_the_patients_zone():
    visit = Visit("visit-1", utc(2026, 3, 11, 1))  # the evening of the 10th in New York
    reminder = next(item for item in plan(visits=(visit,)) if item.kind == "follow_up_visit")
    assert (reminder.local_on, reminder.slot) == (date(2026, 3, 9), "visit-1")
    assert reminder.values == {"visit": "visit-1", "date": "2026-03-10", "time": "21:00"}
    assert (reminder.text_key, reminder.question) == ("visit_reminder", "appointment")


def test_two_visits_on_a_day_are_two_reminders():
    visits = (Visit("a", utc(2026, 3, 10, 15)), Visit("b", utc(2026, 3, 10, 18)), Visit("a", utc(2026, 3, 10, 15)))
    slots = [item.slot for item in plan(visits=visits) if item.kind == "follow_up_visit"]
    assert sorted(slots) == ["a", "b"]


def test_the_fourth_text_of_a_day_gives_way_to_check_in_and_visits():
    visits = (Visit("a", utc(2026, 3, 3, 15)), Visit("b", utc(2026, 3, 3, 18)))
    kinds = [item.kind for item in plan(visits=visits, first=1, last=1)]
    assert sorted(kinds) == ["check_in", "follow_up_visit", "follow_up_visit"]


def test_the_check_in_of_a_day_stays_however_late_it_is():
    visits = tuple(Visit(name, utc(2026, 3, 3, 15)) for name in "abcd")
    kinds = Counter(item.kind for item in plan(preferred=time(19), visits=visits, first=1, last=1))
    assert kinds == {"check_in": 1, "follow_up_visit": 2}


def test_texts_of_a_day_never_meet_and_the_check_in_keeps_its_time():
    visits = (Visit("a", utc(2026, 3, 3, 15)), Visit("b", utc(2026, 3, 3, 18)))
    reminders = plan(preferred=time(12), visits=visits, first=1, last=1)
    assert [local(item).hour for item in reminders] == [12, 14, 16]
    assert reminders[0].kind == "check_in"


def test_on_the_day_that_samoa_skipped_a_step_moves_on_and_a_visit_is_announced_earlier():
    visit = Visit("v", datetime(2011, 12, 31, 12, tzinfo=APIA).astimezone(UTC))
    reminders = plan(APIA, date(2011, 12, 27), visits=(visit,), last=6)
    assert date(2011, 12, 30) not in {item.local_on for item in reminders}
    days = {(item.kind, item.local_on) for item in reminders}
    assert ("posture", date(2011, 12, 31)) in days
    assert ("follow_up_visit", date(2011, 12, 29)) in days
    assert [item.local_on.day for item in reminders if item.kind == "check_in"] == [28, 29, 31, 1, 2]


def test_a_plan_that_begins_after_the_skipped_day_holds_what_moved_there():
    reminders = plan(APIA, date(2011, 12, 27), first=4, last=4)
    assert [(item.kind, item.local_on.day) for item in reminders] == [("check_in", 31), ("posture", 31)]


def test_a_step_that_moves_gives_way_to_the_days_own():
    steps = (
        Step("moves", "posture", "posture_sitting", None, (3,), None, None, "day"),
        Step("stays", "posture", "rest_short_walks", None, (4,), None, None, "day"),
    )
    procedure_on = date(2011, 12, 27)
    reminders = plan_reminders(
        replace(PROTOCOL, steps=steps), procedure_on, APIA, time(10), (), procedure_on, date(2012, 1, 2)
    )
    assert [item.text_key for item in reminders] == ["rest_short_walks"]


VISITS = st.lists(
    st.builds(
        Visit,
        st.sampled_from("abcde"),
        st.integers(0, 113_000).map(lambda hours: utc(2024, 1, 2) + timedelta(hours=hours)),
    ),
    max_size=4,
)


@given(ZONES, PROCEDURES, TIMES)
@settings(max_examples=150)
def test_in_every_zone_no_check_in_is_missing_or_doubled(zone, procedure_on, preferred):
    found = [item.local_on for item in plan(zone, procedure_on, preferred) if item.kind == "check_in"]
    wanted = [procedure_on + timedelta(days=day) for day in sorted(scheduled_days(PROTOCOL))]
    assert found == wanted


@given(ZONES, PROCEDURES, TIMES, VISITS)
@settings(max_examples=150)
def test_in_every_zone_nothing_falls_in_quiet_hours_or_on_another_day(zone, procedure_on, preferred, visits):
    for item in plan(zone, procedure_on, preferred, tuple(visits)):
        assert not within_quiet_hours(item.due_at, zone)
        assert local(item, zone).date() == item.local_on
        assert item.due_at.tzinfo is UTC
        assert timedelta(0) < item.expires_at - item.due_at <= timedelta(hours=12)
        assert within_quiet_hours(item.expires_at, zone)


@given(ZONES, PROCEDURES, TIMES, VISITS)
@settings(max_examples=150)
def test_every_reminder_is_one_of_a_kind_and_no_day_has_more_than_three(zone, procedure_on, preferred, visits):
    reminders = plan(zone, procedure_on, preferred, tuple(visits))
    assert max(Counter((item.kind, item.local_on, item.slot) for item in reminders).values()) == 1
    assert max(Counter(item.local_on for item in reminders).values()) <= TEXTS_A_DAY
    gaps = [late.due_at - early.due_at for early, late in pairwise(reminders)]
    assert min(gaps) >= timedelta(hours=1)


@given(ZONES, PROCEDURES, VISITS, st.integers(-5, 370), st.integers(0, 60))
@settings(max_examples=150)
def test_a_window_of_the_plan_is_the_whole_plan_seen_through_it(zone, procedure_on, visits, first, length):
    whole = plan(zone, procedure_on, visits=tuple(visits), first=-40, last=500)
    start, end = procedure_on + timedelta(days=first), procedure_on + timedelta(days=first + length)
    window = plan(zone, procedure_on, visits=tuple(visits), first=first, last=first + length)
    assert window == tuple(item for item in whole if start <= item.local_on <= end)
