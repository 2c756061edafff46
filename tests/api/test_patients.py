"""Patients: added, found by their sealed names, read and changed by their own clinic alone."""

from typing import Any

import pytest
from sqlalchemy import select

from recovery_api.models import tables
from tests.builders import BuiltClinic, PatientPersona, Persona, make_patient

NEW = {
    "given_name": "Iñaki",
    "family_name": "Muñoz Samplewick",
    "born_on": "1951-02-03",
    "phone": "(212) 555-0143",
    "language": "es",
    "record_number": "440143",
}


def names(answer: Any) -> list[str]:
    return [one["given_name"] for one in answer.json["items"]]


def test_an_added_patient_comes_back_with_the_phone_in_e164_and_the_clinics_zone(ben: Persona) -> None:
    answer = ben.post("/patients", json=NEW)
    assert answer.status_code == 201
    said = answer.json
    assert (said["given_name"], said["born_on"], said["language"]) == ("Iñaki", "1951-02-03", "es")
    assert (said["zone"], said["sex"], said["status"], said["episode_id"]) == (
        "America/New_York", "unknown", "active", None,
    )  # fmt: skip
    phone = dict(said["phones"][0])
    assert phone.pop("id")
    assert phone == {
        "label": "IM", "number": "+12125550143", "whose": "patient", "state": "invited", "web_check_in": False,
        "channel": "sms",
    }  # fmt: skip
    assert said["episodes"] == []
    assert ben.get(f"/patients/{said['id']}").json == said


def test_a_landline_is_said_so_and_is_sent_no_text(ben: Persona) -> None:
    said = ben.post("/patients", json=NEW | {"channel": "voice"}).json
    assert [one["channel"] for one in said["phones"]] == ["voice"]
    more = ben.post(f"/patients/{said['id']}/phones", json={"phone": "+12125550178", "channel": "voice"})
    assert [one["channel"] for one in more.json["phones"]] == ["voice", "voice"]
    assert ben.get(f"/patients/{said['id']}/messages").json["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [({"phone": "12"}, "phone"), ({"phone": "no number"}, "phone"), ({"phone": "+19005550123"}, "phone"),
     ({"phone": "+18005550123"}, "phone"), ({"zone": "Mars/Olympus"}, "zone"),
     ({"zone": "../etc/passwd"}, "zone"), ({"language": "fr"}, "language"), ({"born_on": "2027-01-01"}, "born_on"),
     ({"born_on": "1899-12-31"}, "born_on"), ({"given_name": ""}, "given_name"), ({"given_name": "   "}, "given_name"),
     ({"family_name": "two\nlines"}, "family_name"), ({"family_name": "x" * 101}, "family_name"), ({"sex": "f"}, "sex"),
     ({"status": "left"}, "status"), ({"clinic_id": "x"}, "clinic_id")],
    ids=lambda one: str(one)[:30],
)  # fmt: skip
def test_a_field_outside_its_bounds_is_named(change: dict[str, Any], field: str, ben: Persona) -> None:
    answer = ben.post("/patients", json=NEW | change)
    assert (answer.status_code, {one["field"] for one in answer.json["errors"]}) == (422, {field})
    assert ben.get("/patients").json["items"] == []


def test_patients_are_found_by_the_beginnings_of_their_names(ben: Persona, clinic: BuiltClinic) -> None:
    ben.post("/patients", json=NEW)
    make_patient(clinic, given_name="Annwyl", family_name="Testerby", phone="+12125550144")
    make_patient(clinic, given_name="Anwen", family_name="Testerby", phone="+12125550145")
    wanted = {
        "munoz": ["Iñaki"], "MUÑOZ": ["Iñaki"], "ina sam": ["Iñaki"], "Muñoz, Iñaki": ["Iñaki"], "4401": ["Iñaki"],
        "an test": ["Annwyl", "Anwen"], "nwyl": [], "%": [], "' or 1=1": [], "": ["Iñaki", "Annwyl", "Anwen"],
    }  # fmt: skip
    for words, found in wanted.items():
        assert names(ben.get("/patients", query_string={"q": words})) == found, words
    assert names(ben.get("/patients")) == ["Iñaki", "Annwyl", "Anwen"]


@pytest.mark.parametrize("words", ["", "testerby"])
def test_a_long_list_comes_in_pages_each_patient_once(words: str, ben: Persona, clinic: BuiltClinic) -> None:
    made = [make_patient(clinic, phone=f"+1212555015{n}").id for n in range(5)]
    found, cursor = [], None
    for _ in range(3):
        page = ben.get("/patients", query_string={"q": words, "limit": 2} | ({"cursor": cursor} if cursor else {})).json
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert found == [str(one) for one in made]
    assert cursor is None


def test_a_changed_patient_keeps_what_was_left_out(ben: Persona, ann: PatientPersona) -> None:
    before = ben.get(f"/patients/{ann.id}").json
    answer = ben.patch(f"/patients/{ann.id}", json={"family_name": "Otherby", "record_number": "7", "language": "es"})
    assert answer.status_code == 200
    changed = {"family_name": "Otherby", "record_number": "7", "language": "es"}
    assert answer.json == before | changed
    assert ben.patch(f"/patients/{ann.id}", json={"record_number": None}).json["record_number"] is None
    assert ben.patch(f"/patients/{ann.id}", json={}).status_code == 200


def test_no_text_goes_to_who_died(ben: Persona, ann: PatientPersona) -> None:
    assert ben.patch(f"/patients/{ann.id}", json={"status": "deceased"}).json["status"] == "deceased"
    assert ann.get("/me").status_code == 401


def test_every_look_at_a_patient_is_written_to_the_audit(ben: Persona, ann: PatientPersona) -> None:
    ben.get(f"/patients/{ann.id}")
    ben.get("/patients?q=test")
    ben.get(f"/episodes/{ann.episode_id}")
    ben.get(f"/episodes/{ann.episode_id}/trajectory")
    ben.get(f"/patients/{ann.id}/messages")
    ben.get("/inbox")
    with ben.clinic.open() as scope:
        event = tables.audit_event
        rows = scope.connection.execute(select(event).where(event.c.actor_id == ben.id)).all()
    assert {row.action for row in rows} == {
        "patient.viewed", "patients.listed", "episode.viewed", "trajectory.viewed", "thread.viewed", "inbox.viewed",
    }  # fmt: skip
    assert {row.patient_id for row in rows} == {ann.id, None}
    assert "test" not in str([row.detail for row in rows])


def test_names_lie_sealed_in_the_database(ben: Persona) -> None:
    ben.post("/patients", json=NEW)
    with ben.clinic.open() as scope:
        rows = str(scope.connection.execute(select(tables.patient)).all())
        rows += str(scope.connection.execute(select(tables.contact_point)).all())
    for canary in ("Samplewick", "Iñaki", "440143", "2125550143", "1951"):
        assert canary not in rows
