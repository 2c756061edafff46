"""Messages: the thread, a clinician's own words, and the replies that wait for a person."""

import pytest
from sqlalchemy import select, update

from recovery_api.models import tables
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from tests.builders import ClockHand, PatientPersona, Persona, make_patient


def text(patient: PatientPersona, body: str, sender: str | None = None, number: int = 1) -> None:
    """A text that arrives by the carrier."""
    parts = patient.clinic.wiring
    arrived = ReceivedText(
        sid=f"SM{number:032x}", sender=sender or patient.phone, number=patient.clinic.number, body=body
    )
    with patient.clinic.app.app_context():
        receive_sms(arrived, parts.vaults, parts.clock.now())


def test_a_clinicians_words_go_into_the_outbox_and_the_thread(ann: PatientPersona, ben: Persona) -> None:
    answer = ben.post(f"/patients/{ann.id}/messages", json={"body": "  Please call us today.\n"})
    assert answer.status_code == 201
    said = answer.json
    assert (said["direction"], said["body"], said["state"]) == ("out", "Please call us today.", "planned")
    assert ben.get(f"/patients/{ann.id}/messages").json["items"] == [said]
    own = {name: said[name] for name in ("id", "direction", "body", "at", "state")}
    assert ann.get("/me/messages").json["items"] == [own]
    with ann.clinic.open() as scope:
        work = tables.due_work
        queued = select(work.c.row_id).where(work.c.clinic_id == ann.clinic.id, work.c.kind == "send_bulk")
        assert [str(row_id) for row_id in scope.connection.execute(queued).scalars()] == [said["id"]]


@pytest.mark.parametrize("body", ["", "   ", "x" * 481, "bell\x07"])
def test_words_that_cannot_be_sent_are_refused(body: str, ann: PatientPersona, ben: Persona) -> None:
    assert ben.post(f"/patients/{ann.id}/messages", json={"body": body}).status_code == 422


def test_a_phone_that_takes_no_texts_must_be_called(ann: PatientPersona, ben: Persona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(state="opted_out"))
    answer = ben.post(f"/patients/{ann.id}/messages", json={"body": "Hello"})
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_the_thread_holds_both_sides_newest_first_in_pages(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    for number in range(3):
        text(ann, f"{number + 2}", number=number + 1)
        clock.forward(days=1)
    whole = ben.get(f"/patients/{ann.id}/messages").json["items"]
    assert [one["direction"] for one in whole].count("in") == 3
    assert [one["at"] for one in whole] == sorted((one["at"] for one in whole), reverse=True)
    first = ben.get(f"/patients/{ann.id}/messages?limit=2").json
    rest = ben.get(f"/patients/{ann.id}/messages", query_string={"cursor": first["next"], "limit": 200}).json
    assert first["items"] + rest["items"] == whole
    assert [one["body"] for one in ann.get("/me/messages").json["items"]] == [one["body"] for one in whole]


def test_the_patient_sees_nothing_of_how_a_text_was_read(ann: PatientPersona) -> None:
    text(ann, "purple elephants", number=9)
    assert {name for one in ann.get("/me/messages").json["items"] for name in one} == {
        "id", "direction", "body", "at", "state",
    }  # fmt: skip


def test_what_nobody_could_place_waits_in_the_inbox_longest_first(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    text(ann, "who is this", sender="+12125550177", number=7)
    clock.forward(minutes=5)
    text(ann, "my legs feel weak", sender="+12125550178", number=8)
    items = ben.get("/inbox").json["items"]
    assert [(one["body"], one["phone"]) for one in items] == [
        ("who is this", "+12125550177"), ("my legs feel weak", "+12125550178"),
    ]  # fmt: skip
    assert items[1]["tier"] == "emergency"
    first = ben.get("/inbox?limit=1").json
    rest = ben.get("/inbox", query_string={"cursor": first["next"]}).json
    assert first["items"] + rest["items"] == items


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("Annwyl, please call us.", "A…"),
        ("Please call us, Mrs. testerby, about your fracture.", "t…, fracture"),
        ("Mr. Samplewick, your visit is at 9 AM.", "S…"),
        ("Su vertebroplastia es el lunes.", "vertebroplastia"),
    ],
)
def test_words_that_name_somebody_or_an_illness_are_refused_by_name_and_nothing_leaves(
    body: str, named: str, ann: PatientPersona, ben: Persona
) -> None:
    make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone="+12125550177")
    answer = ben.post(f"/patients/{ann.id}/messages", json={"body": body})
    assert (answer.status_code, answer.json["code"]) == (422, "private_words")
    [error] = answer.json["errors"]
    assert (error["field"], error["code"]) == ("body", "private_words")
    assert error["message"].endswith(f"Please say it without: {named}")
    assert ben.get(f"/patients/{ann.id}/messages").json["items"] == []


def test_who_may_be_called_like_a_nurse_and_what_the_clinic_is_called_are_no_secret(
    ann: PatientPersona, ben: Persona
) -> None:
    make_patient(ann.clinic, given_name="Clinician", family_name="Harbour", phone="+12125550177")
    for body in ("Harbour Clinic: your Clinician will call you.", "Harbour Clinic: call 911 or (555) 555-0100."):
        assert ben.post(f"/patients/{ann.id}/messages", json={"body": body}).status_code == 201
    assert ben.post(f"/patients/{ann.id}/messages", json={"body": "We called Harbour."}).status_code == 422


def test_a_question_that_the_carrier_would_answer_itself_is_refused(ann: PatientPersona, ben: Persona) -> None:
    answer = ben.post(f"/patients/{ann.id}/messages", json={"body": "Are you well? Reply YES or NO."})
    assert (answer.status_code, answer.json["errors"][0]["message"]) == (422, "uses YES as an answer")
