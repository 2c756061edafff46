"""The inbox: a clinician says whose a text is, once, and it is judged as that patient's own."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Row

from recovery_api.models import tables
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.record_audit import SYSTEM
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, make_patient, record
from tests.services.phone import Phone

STRANGER = "+13475550177"


def waiting(clinic: BuiltClinic, body: str) -> UUID:
    """A text from a number that no patient has."""
    return UUID(str(Phone(clinic, STRANGER).text(body).message.id))


def assign(clinician: Persona, message_id: UUID, patient_id: UUID) -> int:
    answer = clinician.post(f"/inbox/{message_id}/assign", json={"patient_id": str(patient_id)})
    return answer.status_code


def message(clinic: BuiltClinic, message_id: UUID) -> Row[Any]:
    with clinic.open() as scope:
        return scope.connection.execute(tables.message.select().where(tables.message.c.id == message_id)).one()


def test_a_placed_answer_belongs_to_the_day_that_was_asked_about(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    phone = Phone(ann.clinic, ann.phone)
    [point] = [row.id for row in phone.rows("contact_point") if row.patient_id == ann.id]
    with ann.clinic.open() as scope:
        asked = Outgoing(
            Recipient(ann.phone, "en", point, ann.id), "reminder", "check_in_pain", question="pain",
            question_on=clock.now.date(), due_at=clock.now, expires_at=clock.now + timedelta(hours=10),
        )  # fmt: skip
        [question] = queue_texts(scope, [asked], clock.now)
        scope.flush()
        scope.connection.execute(tables.message.update().where(tables.message.c.id == question).values(state="sent"))
    on = clock.now.date()
    clock.forward(hours=15)  # one in the morning in New York
    held = phone.text("6")
    assert held.disposition == "shared_phone"
    assert assign(ben, held.message.id, ann.id) == 204
    [check_in] = phone.rows("check_in")
    assert (check_in.pain, check_in.local_on) == (6, on)


def test_a_placed_answer_by_somebody_else_is_known_as_theirs(ann: PatientPersona, ben: Persona) -> None:
    assert assign(ben, waiting(ann.clinic, "mom says its a 7"), ann.id) == 204
    [check_in] = Phone(ann.clinic, ann.phone).rows("check_in")
    assert (check_in.pain, check_in.answered_by) == (7, "caregiver")


def test_a_placed_text_is_the_patients_check_in_of_the_time_it_came(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    came = clock.now
    message_id = waiting(ann.clinic, "4")
    clock.forward(hours=30)
    assert assign(ben, message_id, ann.id) == 204
    phone = Phone(ann.clinic, ann.phone)
    [check_in] = phone.rows("check_in")
    assert (check_in.pain, check_in.channel, check_in.recorded_at, check_in.local_on) == (4, "sms", came, came.date())
    assert (check_in.message_id, check_in.answered_by, check_in.version) == (message_id, "patient", 1)
    row = message(ann.clinic, message_id)
    assert (row.patient_id, row.disposition, row.needs_person, row.handled_by_id) == (ann.id, "recorded", False, ben.id)
    assert ben.get("/inbox").json["items"] == []
    assert [one["body"] for one in ben.get(f"/patients/{ann.id}/messages").json["items"]] == ["4"]
    assert [one.action for one in phone.rows("audit_event") if one.action == "message.placed"] == ["message.placed"]
    assert [one for one in phone.rows("message") if one.direction == "out" and one.patient_id] == [], "nothing is sent"


def test_danger_in_a_placed_text_is_the_patients_flag(ann: PatientPersona, ben: Persona) -> None:
    message_id = waiting(ann.clinic, "my legs feel weak")
    assert assign(ben, message_id, ann.id) == 204
    flags = Phone(ann.clinic, ann.phone).rows("flag")
    assert {(flag.patient_id, flag.tier) for flag in flags} == {(None, "emergency"), (ann.id, "emergency")}
    assert {flag.status for flag in flags} == {"open"}, "placing a text takes no flag away"


def test_a_text_is_placed_once_and_only_inside_the_clinic(ann: PatientPersona, ben: Persona, cleo: Persona) -> None:
    message_id = waiting(ann.clinic, "5")
    assert assign(cleo, message_id, ann.id) == 404
    assert assign(ben, message_id, uuid4()) == 404
    assert assign(ben, uuid4(), ann.id) == 404
    assert assign(ben, message_id, ann.id) == 204
    assert assign(ben, message_id, ann.id) == 404, "it waits no more"
    known = UUID(str(Phone(ann.clinic, ann.phone).text("HELP").message.id))
    assert assign(ben, known, ann.id) == 409
    assert [row.pain for row in Phone(ann.clinic, ann.phone).rows("check_in") if row.pain is not None] == [5]


def test_a_report_is_placed_with_nobody_whose_recovery_is_over(ann: PatientPersona, ben: Persona) -> None:
    report, thanks = waiting(ann.clinic, "8"), waiting(ann.clinic, "thank you for everything")
    with ann.clinic.open() as scope:
        change_episode(scope, ann.episode_id, EpisodeChanges(status="ended"), SYSTEM, NOW)
    assert assign(ben, report, ann.id) == 409
    assert message(ann.clinic, report).handled_at is None, "it stays in the inbox"
    assert assign(ben, thanks, ann.id) == 204


def test_a_text_without_a_report_is_filed_and_records_nothing(ann: PatientPersona, ben: Persona) -> None:
    message_id = waiting(ann.clinic, "thank you for everything")
    assert assign(ben, message_id, ann.id) == 204
    assert Phone(ann.clinic, ann.phone).rows("check_in") == []
    assert message(ann.clinic, message_id).patient_id == ann.id


def test_a_held_text_that_was_placed_is_not_filed_again_by_a_label(ann: PatientPersona, ben: Persona) -> None:
    other = make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    phone = Phone(ann.clinic, ann.phone)
    held = UUID(str(phone.text("4").message.id))
    assert assign(ben, held, other.id) == 204
    phone.text("AT")
    [check_in] = phone.rows("check_in")
    with ann.clinic.open() as scope:
        owner = scope.connection.execute(tables.message.select().where(tables.message.c.id == held)).one()
    assert (check_in.pain, owner.patient_id, owner.contact_point_id is not None) == (4, other.id, True)


def test_a_text_is_closed_with_a_note(ann: PatientPersona, ben: Persona) -> None:
    message_id = waiting(ann.clinic, "is this the pharmacy?")
    assert ben.post(f"/inbox/{message_id}/close", json={"note": "not a patient"}).status_code == 204
    assert ben.get("/inbox").json["items"] == []
    assert ben.post(f"/inbox/{message_id}/close", json={"note": "again"}).status_code == 404


@pytest.mark.parametrize("role", ["privacy_officer", "operator"])
def test_only_the_care_team_places_texts(ann: PatientPersona, ben: Persona, role: str) -> None:
    other = make_clinician(ann.clinic, role)
    assert assign(other, waiting(ann.clinic, "4"), ann.id) == 403


def test_a_score_on_a_shared_phone_is_judged_for_whom_it_would_be_worst(ann: PatientPersona, ben: Persona) -> None:
    make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone, baseline_pain=9)
    for pain, days_ago in ((2, 4), (2, 3), (6, 2), (6, 1)):
        record(ann, pain, days_ago=days_ago)
    phone = Phone(ann.clinic, ann.phone)
    outcome = phone.text("5")
    assert outcome.answer == "who_is_answering"
    [flag] = [flag for flag in phone.rows("flag") if flag.rule == "unattributed"]
    assert (flag.tier, flag.patient_id) == ("today", None)
    assert "several patients share" in flag.reason
    assert flag.respond_by - flag.opened_at <= timedelta(hours=24)
