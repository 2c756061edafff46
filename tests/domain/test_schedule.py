"""The dated plan: nothing missing, nothing doubled, nothing in quiet hours, in every time zone of the world."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recovery_api.domain.protocol import TEXTS_A_DAY, Protocol, Step
from recovery_api.domain.schedule import (
    Circumstances,
    Hold,
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
    protocol: Protocol = PROTOCOL,
    **more: Any,
) -> tuple[PlannedReminder, ...]:
    start, end = procedure_on + timedelta(days=first), procedure_on + timedelta(days=last)
    return plan_reminders(protocol, Circumstances(procedure_on, zone, preferred, visits, **more), start, end)


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
    first_days = [(item.kind, item.local_on.day, item.text_key) for item in reminders[:9]]
    assert first_days == [
        ("rest", 1, "rest_first_evening"),
        ("activity", 1, "no_driving_yet"),
        ("check_in", 2, "check_in_pain"),
        ("rest", 2, "rest_short_walks"),
        ("medication", 2, "pain_pills_safely"),
        ("check_in", 3, "check_in_pain"),
        ("medication", 3, "blood_thinner_again"),
        ("rest", 3, "bandage_and_showers"),
        ("check_in", 4, "check_in_pain"),
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
    [check_in] = [item for item in plan(preferred=preferred, first=13, last=13) if item.kind == "check_in"]
    assert local(check_in).time() == due


def test_a_visit_is_announced_the_day_before_in_the_patients_zone():
    visit = Visit("visit-1", utc(2026, 3, 11, 1))  # the evening of the 10th in New York
    reminder = next(item for item in plan(visits=(visit,)) if item.text_key == "visit_reminder")
    assert (reminder.local_on, reminder.slot) == (date(2026, 3, 9), "visit-1")
    assert reminder.values == {"visit": "visit-1", "date": "2026-03-10", "time": "21:00"}
    assert (reminder.text_key, reminder.question) == ("visit_reminder", "appointment")


def test_two_visits_on_a_day_are_two_reminders():
    visits = (Visit("a", utc(2026, 3, 10, 15)), Visit("b", utc(2026, 3, 10, 18)), Visit("a", utc(2026, 3, 10, 15)))
    slots = [item.slot for item in plan(visits=visits) if item.text_key == "visit_reminder"]
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
    days = [(item.text_key, item.local_on.day) for item in reminders]
    assert days == [("check_in_pain", 31), ("posture_getting_up", 31), ("about_risks", 31)]


def test_a_step_that_moves_gives_way_to_the_days_own():
    steps = (
        Step("moves", "posture", "posture_sitting", None, (3,), None, None, "day"),
        Step("stays", "posture", "rest_short_walks", None, (4,), None, None, "day"),
    )
    procedure_on = date(2011, 12, 27)
    reminders = plan(APIA, procedure_on, last=6, protocol=replace(PROTOCOL, steps=steps))
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


# Holds, consultation, use


@given(ZONES, PROCEDURES, VISITS, st.integers(-200, 9000), st.integers(1, 900))
@settings(max_examples=100)
def test_a_hold_takes_out_what_falls_into_it_and_moves_nothing_else(zone, procedure_on, visits, begins, lasts):
    begins_at = datetime.combine(procedure_on, time(0), UTC) + timedelta(hours=begins)
    hold = Hold(begins_at, begins_at + timedelta(hours=lasts))
    whole = plan(zone, procedure_on, visits=tuple(visits), first=-30)
    held = plan(zone, procedure_on, visits=tuple(visits), first=-30, holds=(hold,))
    assert held == tuple(item for item in whole if not hold.begins_at <= item.due_at < hold.ends_at)


@pytest.mark.parametrize(("days_before", "told"), [(30, True), (9, True), (8, False), (3, False)])
def test_who_is_seen_early_is_asked_the_day_after_what_to_bring(days_before, told):
    procedure_on = date(2026, 3, 1)
    consulted_on = procedure_on - timedelta(days=days_before)
    found = [item.local_on for item in plan(first=-30, last=0, consulted_on=consulted_on) if "tell_us" in item.text_key]
    assert found == ([consulted_on + timedelta(days=1)] if told else [])


def test_a_week_before_the_procedure_everything_to_prepare_is_told_once():
    planned = plan(procedure_on=date(2026, 3, 20), first=-7, last=0)
    asked = [item for item in planned if item.condition == "form_due"]
    assert {(item.text_key, item.local_on.day) for item in asked} == {
        ("questionnaire_form", 15),
        ("questionnaire_form", 18),
    }
    again = [item for item in planned if item.condition == "not_told_yet"]
    assert [(item.text_key, item.local_on.day) for item in again] == [
        ("prepare_blood_thinner_on", day) for day in (15, 16, 17)
    ]
    found = {item.text_key: item.local_on.day for item in planned if item not in [*asked, *again]}
    assert found == {
        "prepare_blood_thinner_on": 13, "prepare_imaging": 14, "prepare_new_illness": 15, "prepare_medicines": 16,
        "prepare_ride": 17, "prepare_home": 18, "baseline_pain": 19, "procedure_day": 19, "prepare_fasting": 19,
        "rest_first_evening": 20, "no_driving_yet": 20, "about_procedure": 14,
    }  # fmt: skip


def test_texts_carry_the_clinics_limits_and_the_day_of_the_procedure():
    values = {item.text_key: item.values for item in plan(first=-7)}
    assert values["posture_lifting"] == {"lifting_pounds": "10"}
    assert values["no_driving_yet"] == {"drive_on": "2026-03-03"}
    assert values["prepare_ride"] == {"date": "2026-03-01"}
    assert values["rest_short_walks"] == {}


def test_a_text_that_is_of_use_for_some_hours_ends_with_them_wherever_it_moves():
    steps = (
        Step("asks", "check_in", "check_in_pain", "pain", (1,), None, time(13), "day"),
        Step("short", "rest", "rest_short_walks", None, (1,), None, time(13), "day", lasts=timedelta(hours=3)),
    )
    [_, short] = plan(first=1, last=1, protocol=replace(PROTOCOL, steps=steps))
    assert (local(short).hour, short.expires_at - short.due_at) == (15, timedelta(hours=3))


def test_what_is_of_no_use_by_now_is_left_out():
    facts = Circumstances(date(2026, 3, 1), NEW_YORK, time(10))
    day = date(2026, 3, 14)
    assert plan_reminders(PROTOCOL, facts, day, day, utc(2026, 3, 14, 23, 59)) != ()
    assert plan_reminders(PROTOCOL, facts, day, day, utc(2026, 3, 15, 0)) == ()
