"""A question without an answer is asked again as the protocol says; what never arrived is no silence."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.invite_phone import NewPhone, link_phone
from recovery_api.services.watch_silence import watch_silence
from tests.builders import BuiltClinic, ClockHand, PatientPersona, make_patient, record

HOURS = timedelta(hours=3)


def rows(clinic: BuiltClinic, table: str) -> list[Row[Any]]:
    with clinic.open() as scope:
        return list(scope.connection.execute(select(getattr(tables, table))).all())


def hand_over(patient: PatientPersona, clock: ClockHand, at: datetime, ends: str = "delivered") -> list[str]:
    """What is due at a moment goes out, and the texts end as told; returns the keys of the new texts."""
    clock.set(at)
    known = {row.id for row in rows(patient.clinic, "message")}
    with patient.clinic.app.app_context():
        hand_over_due("tests:0:0", patient.clinic.wiring.vaults, at)
    with patient.clinic.open() as scope:
        message = tables.message
        scope.connection.execute(update(message).where(message.c.state == "planned").values(state=ends))
    return [row.text_key for row in rows(patient.clinic, "message") if row.id not in known]


def check_in_of(patient: PatientPersona, days_ahead: int) -> Row[Any]:
    found = sorted((row for row in rows(patient.clinic, "reminder") if row.kind == "check_in"), key=lambda r: r.due_at)
    return found[days_ahead]


def nudges(patient: PatientPersona) -> list[tuple[str, str | None]]:
    return [(row.state, row.why) for row in rows(patient.clinic, "reminder") if row.kind == "nudge"]


def miss_days(patient: PatientPersona, clock: ClockHand, days: int) -> list[str]:
    """Check-ins of some days that nobody answers; returns the keys of the texts that asked again, by day."""
    again = []
    for day in range(days):
        asked = check_in_of(patient, day)
        hand_over(patient, clock, asked.due_at)
        again += [
            key for key in hand_over(patient, clock, asked.due_at + HOURS) if key.startswith(("missed", "are_you"))
        ]
    return again


def test_an_unanswered_question_is_asked_again_after_three_hours_once(ann: PatientPersona, clock: ClockHand) -> None:
    asked = check_in_of(ann, 0)
    assert hand_over(ann, clock, asked.due_at) == ["check_in_pain"]
    assert "missed_check_in" not in hand_over(ann, clock, asked.due_at + HOURS - timedelta(seconds=1))
    assert hand_over(ann, clock, asked.due_at + HOURS) == ["missed_check_in"]
    assert "missed_check_in" not in hand_over(ann, clock, asked.due_at + 2 * HOURS)


def test_who_answered_is_not_asked_again(ann: PatientPersona, clock: ClockHand) -> None:
    asked = check_in_of(ann, 0)
    hand_over(ann, clock, asked.due_at)
    record(ann, 4)
    assert hand_over(ann, clock, asked.due_at + HOURS) == []
    assert nudges(ann) == [("skipped", "answered")]


@pytest.mark.parametrize("ended", ["undelivered", "failed", "rejected", "expired"])
def test_a_question_that_never_arrived_is_no_silence(ann: PatientPersona, clock: ClockHand, ended: str) -> None:
    asked = check_in_of(ann, 0)
    hand_over(ann, clock, asked.due_at, ends=ended)
    assert hand_over(ann, clock, asked.due_at + HOURS) == []
    assert nudges(ann) == [("skipped", "not_asked")]


def test_the_second_missed_day_asks_the_caregiver_where_there_is_one(ann: PatientPersona, clock: ClockHand) -> None:
    assert miss_days(ann, clock, 3) == ["missed_check_in", "are_you_ok", "are_you_ok"]
    with ann.clinic.open() as scope:
        phone = NewPhone(ann.id, "+12125550149", "A", "B", "en", "America/New_York", whose="caregiver", has_joined=True)
        link_phone(scope, phone, clock.now)
    asked = check_in_of(ann, 3)
    hand_over(ann, clock, asked.due_at)
    assert hand_over(ann, clock, asked.due_at + HOURS) == ["are_you_ok_caregiver"]


def test_from_the_third_missed_day_on_a_landline_is_called(ann: PatientPersona, clock: ClockHand) -> None:
    with ann.clinic.open() as scope:
        phone = NewPhone(ann.id, "+12125550148", "A", "B", "en", "America/New_York", has_joined=True)
        point_id = link_phone(scope, phone, clock.now)
        point = tables.contact_point
        scope.connection.execute(update(point).where(point.c.id == point_id).values(channel="voice"))
    assert miss_days(ann, clock, 3) == ["missed_check_in", "are_you_ok"]
    assert [row.contact_point_id for row in rows(ann.clinic, "phone_call")] == [point_id]


def test_a_day_without_a_question_of_its_own_asks_again_the_day_after(clinic: BuiltClinic, clock: ClockHand) -> None:
    patient = make_patient(clinic, performed_on=clock.now.date() - timedelta(days=16))  # day 17 asks, day 18 does not
    asked = check_in_of(patient, 0)
    hand_over(patient, clock, asked.due_at)
    hand_over(patient, clock, asked.due_at + HOURS)
    clock.set(asked.expires_at)
    with clinic.app.app_context():
        watch_silence("tests:0:0", clinic.wiring.vaults, clock.now)
    next_day = asked.due_at + timedelta(days=1)
    assert hand_over(patient, clock, next_day - timedelta(minutes=1)) == []
    assert hand_over(patient, clock, next_day) == ["are_you_ok"]


def test_a_late_check_in_is_not_asked_again_at_night(clinic: BuiltClinic, clock: ClockHand) -> None:
    patient = make_patient(clinic, check_in_time=time(18, 30))
    hand_over(patient, clock, check_in_of(patient, 0).due_at)
    assert nudges(patient) == []
