"""Appointments: booked and moved by staff with their reminder, confirmed by the patient."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from recovery_api.models import tables
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinic, make_clinician, make_patient


@pytest.fixture
def visit(ann: PatientPersona, ben: Persona, clock: ClockHand) -> dict[str, Any]:
    """A visit nine days from now, at ten in New York."""
    starts_at = (clock.now + timedelta(days=9)).isoformat()
    answer = ben.post(f"/episodes/{ann.episode_id}/appointments", json={"starts_at": starts_at})
    assert (answer.status_code, answer.json["starts_at"], answer.json["status"]) == (201, starts_at, "booked")
    return dict(answer.json)


def reminders(patient: PatientPersona) -> list[tuple[str, str]]:
    reminder = tables.reminder
    with patient.clinic.open() as scope:
        rows = scope.connection.execute(
            select(reminder).where(reminder.c.text_key == "visit_reminder").order_by(reminder.c.local_on)
        ).all()
    return [(row.local_on.isoformat(), row.state) for row in rows]


def test_a_booked_visit_is_reminded_of_the_day_before(visit: dict[str, Any], ann: PatientPersona) -> None:
    assert reminders(ann) == [("2026-11-28", "planned")]
    _, item = [one for one in ann.get("/me/plan").json["items"] if one["kind"] == "follow_up_visit"]
    assert "Nov 29" in item["text"]
    assert "10:00 AM" in item["text"]


def test_a_visit_is_planned_in_the_patients_language(clinic: BuiltClinic, ben: Persona, clock: ClockHand) -> None:
    patient = make_patient(clinic, language="es")
    starts_at = (clock.now + timedelta(days=9)).isoformat()
    ben.post(f"/episodes/{patient.episode_id}/appointments", json={"starts_at": starts_at})
    _, item = [one for one in patient.get("/me/plan").json["items"] if one["kind"] == "follow_up_visit"]
    assert "29 de nov" in item["text"]
    assert "10:00" in item["text"]


def test_a_moved_visit_moves_its_reminder_and_is_booked_anew(
    visit: dict[str, Any], ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    ann.post(f"/me/appointments/{visit['id']}/confirm")
    starts_at = (clock.now + timedelta(days=11)).isoformat()
    moved = ben.patch(f"/appointments/{visit['id']}", json={"starts_at": starts_at})
    assert (moved.json["starts_at"], moved.json["status"]) == (starts_at, "booked")
    assert reminders(ann) == [("2026-11-28", "replaced"), ("2026-11-30", "planned")]
    ben.patch(f"/appointments/{visit['id']}", json={"starts_at": visit["starts_at"]})
    assert reminders(ann) == [("2026-11-28", "planned"), ("2026-11-30", "replaced")]


def test_a_cancelled_visit_is_not_reminded_of(visit: dict[str, Any], ann: PatientPersona, ben: Persona) -> None:
    assert ben.patch(f"/appointments/{visit['id']}", json={"status": "cancelled"}).json["status"] == "cancelled"
    assert reminders(ann) == [("2026-11-28", "replaced")]
    assert ann.get("/me/episode").json["next_visit"] is None
    refused = ann.post(f"/me/appointments/{visit['id']}/confirm")
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")


def test_a_patient_confirms_as_often_as_wanted(visit: dict[str, Any], ann: PatientPersona) -> None:
    for _ in range(2):
        answer = ann.post(f"/me/appointments/{visit['id']}/confirm")
        assert (answer.status_code, answer.json["status"]) == (200, "confirmed")
    assert ann.get("/me/appointments").json == {"items": [answer.json], "next": None}


def test_a_patient_who_asks_for_another_time_puts_a_flag_before_the_clinic(
    visit: dict[str, Any], ann: PatientPersona, ben: Persona
) -> None:
    answer = ann.post(f"/me/appointments/{visit['id']}/change", json={})
    assert (answer.status_code, answer.json["status"]) == (200, "change_asked")
    [flag] = ben.get("/flags").json["items"]
    assert (flag["tier"], flag["reason"], flag["patient_id"]) == ("review", "Asks to change a visit", str(ann.id))


def test_a_visit_that_is_over_is_neither_confirmed_nor_changed(
    visit: dict[str, Any], ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    clock.set(datetime.fromisoformat(visit["starts_at"]))
    for deed in ("confirm", "change"):
        assert ann.post(f"/me/appointments/{visit['id']}/{deed}").status_code == 409
    assert ben.get("/flags").json["items"] == []
    assert ben.patch(f"/appointments/{visit['id']}", json={"status": "kept"}).json["status"] == "kept"


@pytest.mark.parametrize(
    "body",
    [{}, {"starts_at": "2026-11-20T14:59:00Z"}, {"starts_at": "2030-01-01T00:00:00Z"}, {"starts_at": None},
     {"starts_at": "2026-11-29T10:00"}, {"starts_at": "2026-11-29T10:00:00Z", "status": "kept"}],
    ids=str,
)  # fmt: skip
def test_a_visit_lies_ahead(body: dict[str, Any], ann: PatientPersona, ben: Persona) -> None:
    assert ben.post(f"/episodes/{ann.episode_id}/appointments", json=body).status_code == 422


def test_staff_do_not_speak_for_the_patient(visit: dict[str, Any], ben: Persona) -> None:
    for status in ("confirmed", "change_asked", "lost"):
        assert ben.patch(f"/appointments/{visit['id']}", json={"status": status}).status_code == 422


def test_no_visit_is_booked_once_the_recovery_has_ended(
    visit: dict[str, Any], ann: PatientPersona, ben: Persona
) -> None:
    ben.patch(f"/episodes/{ann.episode_id}", json={"status": "ended"})
    assert reminders(ann) == [("2026-11-28", "replaced")]
    answer = ben.post(f"/episodes/{ann.episode_id}/appointments", json={"starts_at": visit["starts_at"]})
    assert answer.status_code == 409
    assert ben.patch(f"/appointments/{visit['id']}", json={"status": "missed"}).status_code == 200


def test_visits_come_in_pages_earliest_first(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    for days in (30, 10, 20):
        at = (clock.now + timedelta(days=days)).isoformat()
        ben.post(f"/episodes/{ann.episode_id}/appointments", json={"starts_at": at})
    first = ann.get("/me/appointments?limit=2").json
    rest = ann.get("/me/appointments", query_string={"cursor": first["next"]}).json
    found = [one["starts_at"] for one in first["items"] + rest["items"]]
    assert found == sorted(found)
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


def test_two_wishes_at_once_become_one_flag(app: Flask, clock: ClockHand) -> None:
    clinic = make_clinic(app)
    ann, ben = make_patient(clinic), make_clinician(clinic)
    days = range(10, 18)
    booked = [
        ben.post(
            f"/episodes/{ann.episode_id}/appointments",
            json={"starts_at": (clock.now + timedelta(days=day)).isoformat()},
        ).json["id"]
        for day in days
    ]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda visit: ann.post(f"/me/appointments/{visit}/change"), booked))
    assert [answer.status_code for answer in answers] == [200] * len(days)
    [flag] = ben.get("/flags").json["items"]
    assert flag["repeats"] == len(days) - 1
