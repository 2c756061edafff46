"""What was missed is told after all: before a phone joined, after a late enrolment, on a day without room, by phone."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, select, update

from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.answer_questionnaire import AnsweredQuestionnaire
from recovery_api.services.enter_form import enter_form
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.record_audit import SYSTEM
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, make_patient
from tests.services.phone import Phone

THINNER = "prepare_blood_thinner_on"


def rows(patient: PatientPersona, table: str) -> list[Row[Any]]:
    with patient.clinic.open() as scope:
        return list(scope.connection.execute(select(getattr(tables, table))).all())


def live_until(patient: PatientPersona, clock: ClockHand, until: datetime) -> list[str]:
    """Everything that falls due up to a moment goes out at its time and arrives; returns the keys of the texts."""
    vaults, known = patient.clinic.wiring.vaults, len(rows(patient, "message"))
    while due := [row for row in rows(patient, "due_work") if row.kind == "reminder" and row.due_at <= until]:
        clock.set(max(clock.now, min(row.due_at for row in due)))
        with patient.clinic.app.app_context():
            plan_ahead(vaults, clock.now)
            hand_over_due("tests:0:0", vaults, clock.now)
        with patient.clinic.open() as scope:
            message = tables.message
            scope.connection.execute(update(message).where(message.c.state == "planned").values(state="delivered"))
    clock.set(until)
    return [str(row.text_key) for row in sorted(rows(patient, "message"), key=lambda row: row.created_at)[known:]]


def test_what_fell_due_before_somebody_joined_comes_once_they_have(clinic: BuiltClinic, clock: ClockHand) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() + timedelta(days=7), has_joined=False)
    assert THINNER not in live_until(patient, clock, NOW + timedelta(minutes=10))
    first = min((row for row in rows(patient, "reminder") if row.text_key == THINNER), key=lambda row: row.due_at)
    assert (first.state, first.why) == ("skipped", "no_phone")
    Phone(clinic, patient.phone).send("START")
    assert THINNER in live_until(patient, clock, NOW + timedelta(minutes=11))
    assert THINNER not in live_until(patient, clock, NOW + timedelta(days=6))


def test_who_is_enrolled_late_is_told_of_blood_thinners_on_the_next_day_that_has_room(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() + timedelta(days=4))
    assert live_until(patient, clock, NOW + timedelta(days=3)).count(THINNER) == 1
    told = [(row.state, row.why) for row in rows(patient, "reminder") if row.text_key == THINNER]
    assert sorted(told, key=str) == [("handed_over", None), ("skipped", "needless")]


def test_a_question_asked_again_takes_the_place_of_the_days_last_lesson_which_comes_on_another_day(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() - timedelta(days=1))
    first_day = live_until(patient, clock, NOW + timedelta(hours=9))
    assert first_day == ["check_in_pain", "missed_check_in", "rest_short_walks"]
    gave_way = [row.text_key for row in rows(patient, "reminder") if row.why == "gave_way"]
    assert gave_way == ["pain_pills_safely"]
    later = live_until(patient, clock, NOW + timedelta(days=5))
    assert later.count("pain_pills_safely") == 1


def test_a_lesson_that_gave_way_is_not_told_beside_the_question_by_a_late_tick(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() - timedelta(days=1))
    live_until(patient, clock, NOW + timedelta(minutes=1))
    lesson = next(row for row in rows(patient, "reminder") if row.text_key == "pain_pills_safely")
    clock.set(lesson.due_at + timedelta(minutes=1))
    with clinic.app.app_context():
        hand_over_due("tests:0:0", clinic.wiring.vaults, clock.now)
    assert [row.why for row in rows(patient, "reminder") if row.id == lesson.id] == ["gave_way"]
    assert lesson.id not in {row.reminder_id for row in rows(patient, "message")}


def test_a_landline_that_takes_no_texts_is_called_once_about_how_to_prepare(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() + timedelta(days=7), visits=[NOW + timedelta(days=6)])
    with clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(channel="voice"))
    live_until(patient, clock, NOW + timedelta(minutes=10))
    assert [(row.rule, row.tier) for row in rows(patient, "flag")] == [("prepare_by_phone", "today")]
    with clinic.open() as scope:
        scope.connection.execute(update(tables.flag).values(status="resolved", outcome="advised", resolved_at=NOW))
    live_until(patient, clock, NOW + timedelta(days=4))
    assert sorted(row.rule for row in rows(patient, "flag")) == ["form_by_phone", "prepare_by_phone"]
    live_until(patient, clock, NOW + timedelta(days=6))
    assert sorted(row.rule for row in rows(patient, "flag")) == ["form_by_phone", "prepare_by_phone", "visit_by_phone"]


def test_the_call_about_how_to_prepare_is_a_task_of_its_own_beside_whatever_is_open(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() + timedelta(days=7), visits=[NOW + timedelta(days=1)])
    with clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(channel="voice"))
        other = Finding("hold_over", "1", "operations", Tier.REVIEW, "The hold is over", 4320, {})
        raise_flags(scope, FlagSubject(patient.episode_id, patient.id), [other], clock.now)
    live_until(patient, clock, NOW + timedelta(hours=3))
    tasks = {row.rule: row for row in rows(patient, "flag")}
    assert set(tasks) == {"hold_over", "prepare_by_phone", "visit_by_phone"}
    task = tasks["prepare_by_phone"]
    assert task.reason == "Takes no texts: call and tell how to prepare: blood thinners, allergies, fasting, ride home"
    assert NOW < task.respond_by < tasks["hold_over"].respond_by
    assert {row.row_id for row in rows(patient, "due_work") if row.kind == "rung"} >= {row.id for row in tasks.values()}


def test_a_form_that_is_due_on_a_landline_is_a_task_until_it_is_filled_in(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() - timedelta(days=29))
    with clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(channel="voice"))

    def tasks() -> list[Row[Any]]:
        return [row for row in rows(patient, "flag") if row.family == "forms"]

    live_until(patient, clock, NOW + timedelta(days=2))
    [task] = tasks()
    assert (task.rule, task.tier, task.status, task.repeats) == ("form_by_phone", "today", "open", 0)
    assert task.reason == "Takes no texts: call and fill in the form that is due"
    assert task.opened_at < task.respond_by
    with clinic.open() as scope:
        scope.connection.execute(update(tables.flag).values(status="resolved", outcome="could_not_reach"))
    live_until(patient, clock, NOW + timedelta(days=6))
    assert [one.status for one in sorted(tasks(), key=lambda one: one.opened_at)] == ["resolved", "open"]


def test_a_form_that_was_filled_in_with_a_nurse_is_no_task_on_a_later_day(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() - timedelta(days=29))
    with clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(channel="voice"))
    clock.set(NOW + timedelta(days=1, minutes=1))
    with clinic.open() as scope:
        for instrument in ("rmdq", "phq2"):
            sent = AnsweredQuestionnaire(uuid4(), instrument, 0, None, clock.now, "staff")
            enter_form(scope, patient.id, sent, False, SYSTEM, clock.now)
    live_until(patient, clock, NOW + timedelta(days=6))
    assert "forms" not in {row.family for row in rows(patient, "flag")}
