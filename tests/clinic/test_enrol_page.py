"""The enrolment page: one road with the API, every error beside its field, nothing lost, scripts not needed."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.credentials import issue
from tests.builders import BuiltClinic, PatientPersona, Persona, make_patient
from tests.clinic.page_reader import Page

FORM = {
    "given_name": "Zwilbrynn", "family_name": "Quaddlewick", "born_on": "12 Mar 1948", "sex": "female",
    "phone": "(212) 555-0147", "line": "texts", "language": "en", "when": "day", "procedure_on": "2026-11-19",
    "baseline_pain": "8", "levels": "", "level-L1": "1", "level-T12": "1", "check_in_time": "10:00", "consent": "yes",
}  # fmt: skip


def browser(persona: Persona) -> FlaskClient:
    with persona.clinic.open() as scope:
        secret = issue(scope.connection, "session", persona.clinic.id, persona.id)
    client = persona.clinic.app.test_client()
    client.set_cookie("session", secret)
    client.set_cookie("__Host-session", secret)
    return client


def token(client: FlaskClient, path: str = "/enrol") -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def send(client: FlaskClient, path: str = "/enrol", **changes: str | None) -> TestResponse:
    fields = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    return client.post(path, data={"csrf": token(client), **fields})


def one(scope: ClinicScope, table: Any, **where: Any) -> Any:
    statement = select(table).where(*(table.c[name] == value for name, value in where.items()))
    return scope.connection.execute(statement).one()


def test_a_patient_is_enrolled_with_phone_consent_recovery_and_plan(ben: Persona) -> None:
    client = browser(ben)
    done = send(client)
    assert done.status_code == 303, done.text
    patient_id = done.headers["Location"].rsplit("/", 1)[1]
    known = ben.get(f"/patients/{patient_id}").json
    assert (known["given_name"], known["born_on"], known["sex"]) == ("Zwilbrynn", "1948-03-12", "female")
    assert [(phone["number"], phone["state"]) for phone in known["phones"]] == [("+12125550147", "invited")]
    [episode] = known["episodes"]
    assert episode["procedure"] == {"performed_on": "2026-11-19", "levels": ["T12", "L1"]}
    assert (episode["baseline_pain"], episode["check_in_time"]) == (8, "10:00")
    with ben.clinic.open() as scope:
        line = one(scope, tables.consent, source="enrolment")
        words = scope.open("consent.words", line.id, line.words_sealed)
        assert "Text START to join" in (words or "")
        assert one(scope, tables.message, direction="out").text_key == "enrol_ask"
        assert scope.connection.execute(select(tables.reminder.c.id)).first() is not None
        audit = one(scope, tables.audit_event, action="patient.enrolled")
        assert audit.actor_id == ben.id
    after = Page(client.get(done.headers["Location"]).text)
    assert "Quaddlewick, Zwilbrynn is enrolled" in after.text
    assert after.posting(f"/patients/{patient_id}/app-code")
    assert words in Page(client.get("/enrol").text).text  # the words that were shown are those that were kept


def test_the_page_and_the_api_leave_the_same_rows(clinic: BuiltClinic, ben: Persona) -> None:
    person = {"given_name": "Zwilbrynn", "family_name": "Quaddlewick", "born_on": "1948-03-12", "sex": "female"}
    made = ben.post("/patients", json={**person, "phone": "+12125550148"}).json["id"]
    procedure = {"performed_on": "2026-11-19", "levels": ["T12", "L1"]}
    body = {"procedure": procedure, "baseline_pain": 8, "check_in_time": "10:00"}
    assert ben.post(f"/patients/{made}/episodes", json=body).status_code == 201
    on_page = send(browser(ben)).headers["Location"].rsplit("/", 1)[1]
    cards = [ben.get(f"/patients/{patient_id}").json for patient_id in (made, on_page)]
    own = {"id", "patient_id", "episode_id", "created_at", "number", "label"}
    assert _without(cards[0], own) == _without(cards[1], own)
    with clinic.open() as scope:
        for table in (tables.consent, tables.reminder, tables.audit_event):
            kinds = [sorted(_kinds(scope, table, card)) for card in cards]
            assert kinds[0] == kinds[1]
            assert kinds[0]


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value


def _kinds(scope: ClinicScope, table: Any, card: dict[str, Any]) -> list[tuple[str, ...]]:
    if table is tables.reminder:
        where, columns = table.c.episode_id == card["episode_id"], (table.c.kind, table.c.local_on, table.c.text_key)
    elif table is tables.consent:
        where, columns = table.c.patient_id == card["id"], (table.c.purpose, table.c.source, table.c.channel)
    else:
        where, columns = table.c.patient_id == card["id"], (table.c.action,)
    rows = scope.connection.execute(select(*columns).where(where)).all()
    return [tuple(map(str, row)) for row in rows if row[0] != "patient.viewed"]


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"given_name": " "}, "given_name", "is missing"),
        ({"born_on": "03/04/1948"}, "born_on", "could be 3 Apr 1948 or 4 Mar 1948"),
        ({"born_on": "2031-01-01"}, "born_on", "must lie between"),
        ({"phone": "555 0147"}, "phone", "is not a phone number"),
        ({"phone": "+1 800 555 0147"}, "line", "is a service number"),
        ({"phone": "+442079460123"}, "line", "is a landline: it takes no texts"),
        ({"procedure_on": ""}, "procedure_on", "give the day, or say that it is open"),
        ({"procedure_on": "2029-11-19"}, "procedure_on", "within a year of today"),
        ({"level-L1": None, "level-T12": None}, "levels", "is missing"),
        ({"levels": "L1-L3"}, "levels", "write every vertebra by itself"),
        ({"baseline_pain": "11"}, "baseline_pain", "from 0 to 10"),
        ({"check_in_time": "23:00"}, "check_in_time", "must be from 09:00"),
        ({"label": "Zwilbrynn"}, "label", "must"),
        ({"zone": "Mars/Base"}, "zone", "IANA"),
        ({"consent": None}, "consent", "without it nobody is enrolled"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_is_lost(
    ben: Persona, changes: dict[str, str | None], field: str, said: str
) -> None:
    refused = send(browser(ben), **changes)
    assert refused.status_code == 422
    page = Page(refused.text)
    assert f'id="{field}-error"' in refused.text
    assert said in refused.text
    assert "One thing has to be mended" in page.text
    kept = {tag["name"]: tag for tag in page.of("input") if "name" in tag}
    for name, value in {**FORM, **changes}.items():
        if value is None or name in ("sex", "baseline_pain", "line", "language", "when", "zone"):
            continue
        if name.startswith("level-") or name == "consent":
            assert "checked" in kept[name], name
        else:
            assert kept[name]["value"] == value, name
    with ben.clinic.open() as scope:
        assert scope.connection.execute(select(tables.patient.c.id)).all() == []


def test_everything_that_is_wrong_is_told_at_once(ben: Persona) -> None:
    refused = send(browser(ben), born_on="?", phone="?", procedure_on="?", consent=None)
    assert "4 things have to be mended" in refused.text


def test_levels_may_be_typed_and_come_back_in_the_drawing(ben: Persona) -> None:
    refused = send(browser(ben), **{"levels": "l2, th9", "level-L1": None, "level-T12": None, "phone": "?"})
    ticked = {tag["name"] for tag in Page(refused.text).of("input") if "checked" in tag and "level" in tag["name"]}
    assert ticked == {"level-L2", "level-T9"}


def test_a_landline_is_called_and_never_texted(ben: Persona) -> None:
    done = send(browser(ben), phone="+442079460123", line="landline")
    assert done.status_code == 303
    with ben.clinic.open() as scope:
        assert one(scope, tables.contact_point).channel == "voice"
        line = one(scope, tables.consent)
        assert (line.channel, line.words_key) == ("voice", "call_consent")
        assert scope.connection.execute(select(tables.message.c.id)).all() == []


def test_a_phone_of_another_patient_is_asked_about_first(ann: PatientPersona, ben: Persona) -> None:
    client = browser(ben)
    refused = send(client, phone=ann.phone)
    assert refused.status_code == 422
    assert "speaks for another patient already" in refused.text
    assert "shares_phone" in Page(refused.text).posting("/enrol").fields
    assert send(client, phone=ann.phone, shares_phone="yes").status_code == 303


def test_the_same_person_is_not_enrolled_twice(clinic: BuiltClinic, ben: Persona) -> None:
    known = make_patient(clinic, given_name="zwilbrynn", family_name="Quaddlewick")
    refused = send(browser(ben), phone=known.phone, shares_phone="yes", born_on="1948-03-12")
    assert "they are enrolled already" in refused.text
    assert f'href="/patients/{known.id}"' in refused.text


def test_a_procedure_without_a_day_waits_and_starts_when_the_day_is_given(ben: Persona) -> None:
    client = browser(ben)
    patient_id = send(client, when="open", procedure_on="").headers["Location"].rsplit("/", 1)[1]
    assert ben.get(f"/patients/{patient_id}").json["episodes"] == []
    assert "The day of the procedure is open." in client.get(f"/enrol/{patient_id}").text
    assert client.get(f"/patients/{patient_id}").status_code == 200
    assert f'href="/enrol/{patient_id}/day"' in client.get("/enrol").text
    form = Page(client.get(f"/enrol/{patient_id}/day").text)
    ticked = {tag["name"]: "1" for tag in form.of("input") if "checked" in tag}
    assert set(ticked) == {"level-T12", "level-L1"}
    path = f"/enrol/{patient_id}/day"
    fields = {"csrf": token(client), "check_in_time": "10:00", "baseline_pain": "8", **ticked}
    assert "is missing" in client.post(path, data=fields).text
    assert client.post(path, data={**fields, "procedure_on": "2026-12-01"}).status_code == 303
    [episode] = ben.get(f"/patients/{patient_id}").json["episodes"]
    assert episode["procedure"] == {"performed_on": "2026-12-01", "levels": ["T12", "L1"]}
    assert client.get(path).status_code == 404  # it waits no longer
    assert path not in client.get("/enrol").text


def test_another_clinics_patients_are_not_there(ann: PatientPersona, ben: Persona, cleo: Persona) -> None:
    client = browser(cleo)
    waiting = send(browser(ben), when="open").headers["Location"].rsplit("/", 1)[1]
    for path in (f"/enrol/{ann.id}", f"/enrol/{waiting}", f"/enrol/{waiting}/day"):
        assert client.get(path).status_code == 404
    assert client.post(f"/enrol/{waiting}/day", data={"csrf": token(client)}).status_code == 404
    assert waiting not in client.get("/enrol").text


def test_without_a_form_token_or_a_session_nobody_is_enrolled(ben: Persona) -> None:
    assert browser(ben).post("/enrol", data=FORM).status_code == 403
    assert ben.client.post("/enrol", data=FORM).status_code == 303
    with ben.clinic.open() as scope:
        assert scope.connection.execute(select(tables.patient.c.id)).all() == []
