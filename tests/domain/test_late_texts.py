"""What is late on its day leaves one after the other, the most important first, and a question is never left out."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.late_texts import place_late
from recovery_api.domain.schedule import (
    APART,
    LATEST,
    Circumstances,
    Hold,
    PlannedReminder,
    local_instant,
    plan_reminders,
)
from recovery_api.packs.protocol_pack import protocol_pack

ZONE, DAY = ZoneInfo("America/New_York"), date(2026, 11, 20)


def planned_at(now: datetime, day: int) -> tuple[PlannedReminder, ...]:
    about = Circumstances(DAY - timedelta(days=day), ZONE, time(9, 30))
    return place_late(plan_reminders(protocol_pack(), about, DAY, DAY + timedelta(days=1), now), ZONE, now)


@given(st.integers(-7, 14), st.times(time(0), time(19, 59)))
def test_whatever_the_hour_of_enrolment_no_two_texts_leave_within_an_hour(day: int, at: time) -> None:
    now = local_instant(ZONE, DAY, at)
    found = planned_at(now, day)
    leaves = sorted(max(one.due_at, now) for one in found)
    assert all(late - early >= APART for early, late in pairwise(leaves))
    for one in found:
        assert now < one.expires_at
        assert one.due_at <= now or one.due_at.astimezone(ZONE).time() <= LATEST
    plain = plan_reminders(protocol_pack(), Circumstances(DAY - timedelta(days=day), ZONE, time(9, 30)), DAY, DAY, now)
    questions = {one.text_key for one in plain if one.kind == "check_in"}
    assert questions <= {one.text_key for one in found}


def test_on_the_afternoon_of_the_first_day_the_question_goes_at_once_and_the_lessons_after_it() -> None:
    now = local_instant(ZONE, DAY, time(15))
    told = [(one.text_key, f"{max(one.due_at, now).astimezone(ZONE):%H:%M}") for one in planned_at(now, 1)[:3]]
    assert told == [("check_in_pain", "15:00"), ("rest_short_walks", "16:00"), ("pain_pills_safely", "17:00")]


def test_what_finds_no_time_any_more_is_left_out_but_never_the_question() -> None:
    now = local_instant(ZONE, DAY, time(19, 40))
    assert [one.text_key for one in planned_at(now, 1) if one.local_on == DAY] == ["check_in_pain"]


def test_what_is_late_when_a_hold_begins_waits_for_no_hour_in_it() -> None:
    now = local_instant(ZONE, DAY, time(15))
    about = Circumstances(DAY - timedelta(days=1), ZONE, time(9, 30))
    plan = plan_reminders(protocol_pack(), about, DAY, DAY, now)
    assert place_late(plan, ZONE, now, [Hold(now, now + timedelta(days=3))]) == tuple(
        one for one in plan if one.due_at >= now
    )
