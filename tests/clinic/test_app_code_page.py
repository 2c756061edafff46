"""The sheet with the code for the app: it works, in the patient's language, and names nobody."""

import re
from typing import Any

import pytest
import segno
from flask.testing import FlaskClient
from sqlalchemy import update

from recovery_api.models import tables
from recovery_api.services.credentials import issue
from tests.builders import PatientPersona, Persona, make_patient


def browser(persona: Persona) -> FlaskClient:
    with persona.clinic.open() as scope:
        secret = issue(scope.connection, "session", persona.clinic.id, persona.id)
    client = persona.clinic.app.test_client()
    client.set_cookie("session", secret)
    client.set_cookie("__Host-session", secret)
    return client


def press(client: FlaskClient, patient: PatientPersona) -> Any:
    page = client.get(f"/patients/{patient.id}").text
    assert f'action="/patients/{patient.id}/app-code"' in page
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return client.post(f"/patients/{patient.id}/app-code", data={"csrf": found[1]})


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Your code for the app"), ("es", "Su clave para la aplicación")]
)
def test_the_sheet_shows_a_code_that_works_and_no_name(
    language: str, title: str, ann: PatientPersona, ben: Persona
) -> None:
    patient = make_patient(ann.clinic, given_name="Zwilbrynn", language=language, phone="+12125550147")
    answer = press(browser(ben), patient)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert title in answer.text
    assert "Zwilbrynn" not in answer.text
    assert "5550147" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'<p class="code"[^>]*>([0-9A-Z-]{19})</p>', answer.text)
    assert found is not None
    begun = patient.client.post("/api/v1/enrol", json={"code": found[1]})
    assert begun.status_code == 200
    with ann.clinic.open() as scope:
        message = tables.message
        assert scope.connection.execute(message.select().where(message.c.text_key == "login_code")).first() is not None


def test_who_has_no_phone_for_texts_gets_no_code(ann: PatientPersona, ben: Persona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(channel="voice"))
    client = browser(ben)
    answer = press(client, ann)
    assert answer.status_code == 303
    assert "No code was made" in client.get(answer.headers["Location"]).text


def test_another_clinics_patient_is_not_there(ann: PatientPersona, ben: Persona, cleo: Persona) -> None:
    client = browser(cleo)
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/worklist").text)
    assert found is not None
    assert client.post(f"/patients/{ann.id}/app-code", data={"csrf": found[1]}).status_code == 404
    assert client.post(f"/patients/{ann.id}/app-code", data={"csrf": "x"}).status_code == 403


def test_the_square_holds_the_same_code_and_where_to_send_it(ann: PatientPersona, ben: Persona) -> None:
    answer = press(browser(ben), ann)
    code = re.search(r'<p class="code"[^>]*>([0-9A-Z-]{19})</p>', answer.text)
    drawn = re.search(r'viewBox="0 0 (\d+) \1"[^>]*><path d="([^"]+)"', answer.text)
    assert code is not None
    assert drawn is not None
    size, dark = int(drawn[1]), set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawn[2]):
        dark |= {(int(x) + step, int(y)) for step in range(int(width))}
    said = f"recovery:enrol?code={code[1]}&server=https%3A%2F%2Frecovery.test"
    expected = [list(row) for row in segno.make(said, error="m", micro=False).matrix_iter(border=4)]
    assert [[(x, y) in dark for x in range(size)] for y in range(size)] == [
        [bool(one) for one in row] for row in expected
    ]
    assert "data:" not in answer.text
    assert "img-src 'self'" in answer.headers["Content-Security-Policy"]
