"""The demo's phone page plays whoever its address names, and says so when nobody is called that."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import db
from tests.builders import PatientPersona, Persona, make_patient


@pytest.fixture
def other(ann: PatientPersona, ben: Persona) -> PatientPersona:
    """Somebody beside Ann in her clinic."""
    return make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone="+12125550177")


@pytest.fixture(scope="module")
def demo(settings: Settings) -> Iterator[Flask]:
    """The application of a demo whose carrier is away."""
    app = create_app(replace(settings, env="demo", twilio_api_base="http://127.0.0.1:9"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(demo: Flask, other: PatientPersona, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A browser in the demo of Ann's clinic."""
    monkeypatch.setattr("recovery_api.simulator.phone_door.demo_clinic", lambda: other.clinic.id)
    return demo.test_client()


def played(page: str) -> list[str]:
    """The patient in the heading, in every form of the page, and in what it looks at again by itself."""
    heading = re.search(r"<h1[^>]*>Phone of (\w+), (\w+)</h1>", page)
    assert heading is not None
    again = re.findall(r"/demo/phone(?:/now)?\?patient=([0-9a-f-]{36})", page)
    fields = re.findall(r'<input type="hidden" name="patient" value="([0-9a-f-]{36})">', page)
    assert len(fields) >= 4
    return [heading[2], *sorted({*again, *fields})]


def test_the_page_plays_whom_its_address_names(client: FlaskClient, ann: PatientPersona, other: PatientPersona) -> None:
    for who, name in ((ann, "Annwyl"), (other, "Borvin")):
        assert played(client.get(f"/demo/phone?patient={who.id}").text) == [name, str(who.id)]
        part = client.get(f"/demo/phone/now?patient={who.id}").text
        assert f'href="/patients/{who.id}"' in part


def test_a_deed_is_done_as_the_patient_of_its_form_and_leads_back_to_them(
    client: FlaskClient, ann: PatientPersona, other: PatientPersona
) -> None:
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/demo/phone").text)
    assert csrf is not None
    for who in (ann, other):
        done = client.post("/demo/phone/network", data={"csrf": csrf[1], "patient": who.id, "network": "late"})
        assert (done.status_code, done.headers["Location"]) == (303, f"/demo/phone?patient={who.id}")


def test_an_address_that_names_nobody_is_not_found(client: FlaskClient) -> None:
    for wanted in ("00000000-0000-7000-8000-000000000000", "nobody", "' OR 1=1"):
        assert client.get("/demo/phone", query_string={"patient": wanted}).status_code == 404
