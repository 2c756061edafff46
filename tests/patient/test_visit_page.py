"""The next visit behind a link, and the calendar entry that a strict reader takes."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from recovery_api.models import tables
from recovery_api.services.book_visits import book_visit, change_visit
from recovery_api.services.read_today import Visit
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.visit_calendar import visit_calendar
from tests.builders import NOW, PatientPersona, Persona, make_patient
from tests.patient.conftest import YEAR, WebPhone, new_link

VISIT_AT = NOW + timedelta(days=9, hours=1)
LINE = re.compile(r"([A-Z-]+)((?:;[A-Z-]+=[^;:\"]+)*):([^\x00-\x08\x0a-\x1f\x7f]*)")
ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "DESCRIPTION", "STATUS")
AT = re.compile(r"\d{8}T\d{6}Z")


def strictly(said: bytes) -> dict[str, str]:
    """The properties of one event, read as RFC 5545 has it; fails on whatever a strict reader refuses."""
    assert said.endswith(b"\r\n")
    physical = said.split(b"\r\n")[:-1]
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 75 for line in physical)
    for line in physical:
        line.decode("utf-8")  # no character is cut in two by the folding
    logical: list[str] = []
    for line in physical:
        if line.startswith(b" "):
            logical[-1] += line[1:].decode()
        else:
            logical.append(line.decode())
    found = [LINE.fullmatch(line) for line in logical]
    assert None not in found, logical
    pairs = [(one[1], one[3]) for one in found if one]
    names = [name for name, _ in pairs]
    assert names[:2] == ["BEGIN", "VERSION"]
    assert [value for name, value in pairs if name in ("BEGIN", "END")] == [
        "VCALENDAR", "VEVENT", "VEVENT", "VCALENDAR",
    ]  # fmt: skip
    assert {name: names.count(name) for name in ("PRODID", "METHOD", *ONCE)} == dict.fromkeys(
        ("PRODID", "METHOD", *ONCE), 1
    )
    event = dict(pairs)
    assert event["VERSION"] == "2.0"
    assert all(AT.fullmatch(event[name]) for name in ("DTSTAMP", "DTSTART", "DTEND")), "UTC: no zone need be described"
    assert event["DTSTART"] < event["DTEND"]
    assert event["SEQUENCE"].isdigit()
    for name in ("SUMMARY", "DESCRIPTION"):
        assert not re.search(r"(?<!\\)[;,]", event[name].replace("\\\\", "")), "these have to be escaped"
    return event


@pytest.mark.parametrize(
    "name",
    ["Harbour Clinic", "Smith, Jones; & Söhne \\ Co", "Clínica de la Columna del Niño " * 6, "骨" * 60, "a\nb"],
    ids=["plain", "marks", "long", "wide", "two lines"],
)
def test_every_name_makes_an_entry_that_a_strict_reader_takes(name: str) -> None:
    visit = Visit(UUID(int=7), UUID(int=8), VISIT_AT, "booked", 3)
    event = strictly(visit_calendar(visit, name, "+12125550199", "es", NOW).encode())
    plain = re.sub(r"\\([\\;,n])", lambda found: "\n" if found[1] == "n" else found[1], event["SUMMARY"])
    assert plain == f"Cita: {name}"
    assert (event["UID"], event["SEQUENCE"]) == (str(visit.id), "3")


def test_a_visit_that_is_moved_or_called_off_is_newer_to_a_calendar(ann: PatientPersona) -> None:
    def entry() -> dict[str, str]:
        answer = ann.get(f"/me/appointments/{visit.id}/calendar.ics")
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        return strictly(answer.data)

    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, VISIT_AT, SYSTEM, NOW)
    first = entry()
    assert first["SEQUENCE"] == "0"
    assert ann.post(f"/me/appointments/{visit.id}/confirm").status_code == 200
    assert (entry()["SEQUENCE"], entry()["STATUS"]) == ("0", "CONFIRMED")
    with ann.clinic.open() as scope:
        change_visit(scope, visit.id, VISIT_AT + timedelta(hours=2), None, SYSTEM, NOW)
    moved = entry()
    assert (moved["SEQUENCE"], moved["UID"]) == ("1", first["UID"])
    assert moved["DTSTART"] != first["DTSTART"]
    with ann.clinic.open() as scope:
        change_visit(scope, visit.id, None, "cancelled", SYSTEM, NOW)
    assert (entry()["SEQUENCE"], entry()["STATUS"]) == ("2", "CANCELLED")


@pytest.fixture
def booked(phone: WebPhone) -> WebPhone:
    """Ann's phone, opened, with a visit ahead."""
    with phone.patient.clinic.open() as scope:
        book_visit(scope, phone.patient.episode_id, VISIT_AT, SYSTEM, NOW)
    phone.open()
    return phone


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    return found[1] if found else ""


def test_a_visit_is_confirmed_and_changed_on_the_page(booked: WebPhone, ann: PatientPersona, ben: Persona) -> None:
    page = booked.get("/c/visit").text
    assert "Your visit: Sun Nov 29 at 11:00 AM" in page
    assert "close this page" not in page, "nothing is answered yet"
    page = booked.post("/c/visit", csrf=csrf(page), said="confirm").text
    assert "We will see you then." in page
    assert "You can close this page." in page
    assert status(ann) == "confirmed"
    assert ben.get("/flags").json["items"] == []
    page = booked.post("/c/visit", csrf=csrf(page), said="change").text
    assert "We will call you to find a new time." in page
    assert status(ann) == "change_asked"
    [flag] = ben.get("/flags").json["items"]
    assert (flag["rule"], flag["tier"]) == ("visit_change_asked", "review")
    assert flag["respond_by"] > NOW.isoformat(), "the task has a clock"


def test_the_page_has_the_visit_for_the_calendar_in_the_patients_language(booked: WebPhone) -> None:
    booked.post("/c/visit/language", csrf=csrf(booked.get("/c/visit").text), lang="es")
    assert "Su cita: domingo 29 de noviembre a las 11:00 AM" in booked.get("/c/visit").text
    assert strictly(booked.get("/c/visit.ics").data)["SUMMARY"] == "Cita: Harbour Clinic"


def test_without_a_visit_ahead_nothing_is_asked_and_other_peoples_forms_are_refused(
    phone: WebPhone, app: Flask
) -> None:
    assert phone.get("/c/visit").status_code == 410
    phone.open()
    page = phone.get("/c/visit").text
    assert "No visit is booked for you" in page
    assert phone.post("/c/visit", csrf=csrf(page), said="confirm").status_code == 200
    assert phone.get("/c/visit.ics").status_code == 410
    assert phone.post("/c/visit", csrf="x", said="confirm").status_code == 403


def test_after_a_check_in_the_page_leads_on_to_the_visit(booked: WebPhone) -> None:
    booked.answer_all()
    assert 'href="/c/visit"' in booked.send().text


def test_the_visit_of_another_patient_is_not_seen(booked: WebPhone, app: Flask, ann: PatientPersona) -> None:
    other = make_patient(ann.clinic, phone="+12125550142", given_name="Berwyn")
    stranger = WebPhone(other, app.test_client(), new_link(other))
    stranger.post(stranger.link, year=YEAR, lang="en")
    assert "No visit is booked for you" in stranger.get("/c/visit").text


def status(patient: PatientPersona) -> Any:
    with patient.clinic.open() as scope:
        return scope.connection.execute(tables.appointment.select()).one().status


def test_a_visit_that_is_over_cannot_be_confirmed(booked: WebPhone, ann: PatientPersona) -> None:
    page = booked.get("/c/visit").text
    past: datetime = NOW - timedelta(hours=1)
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.appointment).values(starts_at=past))
    assert "No visit is booked for you" in booked.post("/c/visit", csrf=csrf(page), said="confirm").text
    assert status(ann) == "booked"
