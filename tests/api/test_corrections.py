"""Corrections: a new version each, the old one stays, and nothing that was flagged is taken back."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from recovery_api.models import tables
from tests.builders import ClockHand, PatientPersona, Persona, check_in_body


def test_a_correction_is_a_new_version_at_the_time_of_the_first(ann: PatientPersona, clock: ClockHand) -> None:
    first = ann.post("/me/check-ins", json=check_in_body(ann, pain=7, note="typed too fast")).json
    clock.forward(hours=2)
    answer = ann.post(f"/me/check-ins/{first['id']}/corrections", json={"pain": 3})
    assert answer.status_code == 201
    assert (answer.json["id"], answer.json["version"], answer.json["pain"]) == (first["id"], 2, 3)
    assert (answer.json["recorded_at"], answer.json["day"]) == (first["recorded_at"], first["day"])
    assert answer.json["received_at"] == clock.now.isoformat()
    assert answer.json["note"] is None
    [now] = ann.get("/me/check-ins").json["items"]
    assert (now["version"], now["pain"]) == (2, 3)
    with ann.clinic.open() as scope:
        check_in = tables.check_in
        versions = scope.connection.execute(select(check_in.c.version, check_in.c.pain).order_by(check_in.c.version))
        assert [tuple(row) for row in versions] == [(1, 7), (2, 3)]


def test_a_correction_closes_no_flag_and_lowers_none(ann: PatientPersona, ben: Persona) -> None:
    first = ann.post("/me/check-ins", json=check_in_body(ann, pain=9, symptoms=["leg_weakness"])).json
    before = ben.get("/flags").json["items"]
    answer = ann.post(f"/me/check-ins/{first['id']}/corrections", json={"pain": 1, "symptoms": []})
    assert answer.json["advice"]["tier"] is None
    assert [(flag["id"], flag["tier"], flag["status"]) for flag in ben.get("/flags").json["items"]] == [
        (flag["id"], flag["tier"], flag["status"]) for flag in before
    ]


def test_a_correction_that_brings_a_danger_is_flagged(ann: PatientPersona, ben: Persona) -> None:
    first = ann.post("/me/check-ins", json=check_in_body(ann, pain=2)).json
    assert ben.get("/flags").json["items"] == []
    ann.post(f"/me/check-ins/{first['id']}/corrections", json={"pain": 2, "symptoms": ["bladder_bowel"]})
    assert [flag["tier"] for flag in ben.get("/flags").json["items"]] == ["emergency"]


def test_a_repeated_correction_is_stored_once_in_whatever_order_it_comes(ann: PatientPersona) -> None:
    first = ann.post("/me/check-ins", json=check_in_body(ann, pain=7)).json
    path = f"/me/check-ins/{first['id']}/corrections"
    one, two = {"client_id": str(uuid4()), "pain": 3}, {"client_id": str(uuid4()), "pain": 4}
    answers = [ann.post(path, json=body) for body in (one, one, two, one, two)]
    assert [answer.status_code for answer in answers] == [201, 200, 201, 200, 200]
    assert [answer.json["version"] for answer in answers] == [2, 2, 3, 2, 3]
    changed = ann.post(path, json=one | {"pain": 9})
    assert (changed.status_code, changed.json["code"]) == (409, "conflict")


def test_a_correction_that_changes_nothing_adds_nothing(ann: PatientPersona) -> None:
    body = check_in_body(ann, pain=7)
    first = ann.post("/me/check-ins", json=body).json
    answer = ann.post(f"/me/check-ins/{first['id']}/corrections", json=body)
    assert (answer.status_code, answer.json) == (200, first)


def test_the_first_report_is_still_known_by_its_id_after_a_correction(ann: PatientPersona) -> None:
    body = check_in_body(ann, pain=7)
    first = ann.post("/me/check-ins", json=body).json
    ann.post(f"/me/check-ins/{first['id']}/corrections", json={"pain": 3})
    again = ann.post("/me/check-ins", json=body)
    assert (again.status_code, again.json) == (200, first)


def test_what_was_never_reported_cannot_be_corrected(ann: PatientPersona) -> None:
    assert ann.post(f"/me/check-ins/{uuid4()}/corrections", json={"pain": 3}).status_code == 404
    assert ann.post("/me/check-ins/seven/corrections", json={"pain": 3}).status_code == 404


def test_a_correction_says_something(ann: PatientPersona, clock: ClockHand) -> None:
    first = ann.post("/me/check-ins", json=check_in_body(ann)).json
    path, at = f"/me/check-ins/{first['id']}/corrections", (clock.now - timedelta(days=1)).isoformat()
    assert ann.post(path, json={}).status_code == 422
    moved = ann.post(path, json={"pain": 5, "recorded_at": at, "local_date": "2026-11-01"})
    assert (moved.status_code, moved.json["local_date"]) == (201, first["local_date"])
