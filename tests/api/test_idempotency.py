"""Idempotency: a write sent again does nothing again, however often, in whatever order, from however many threads."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, text

from recovery_api.db import db
from recovery_api.models import tables
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, check_in_body, make_clinic, make_patient

NEW = {"given_name": "Dorrit", "family_name": "Samplewick", "born_on": "1951-02-03", "phone": "+12125550143"}
SENT = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([None, "k-1", "k-2"])), min_size=1, max_size=10
)


def count(clinic: BuiltClinic, table: Any) -> int:
    with clinic.open() as scope:
        return int(scope.connection.execute(select(func.count()).select_from(table)).scalar() or 0)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SENT)
def test_in_any_order_of_repeats_each_client_id_is_one_row(
    ann: PatientPersona, database: Connection, sent: list[tuple[int, int, str | None]]
) -> None:
    savepoint = database.begin_nested()
    bodies = [check_in_body(ann, client_id=str(UUID(int=place)), pain=0) for place in range(3)]
    stored: dict[int, int] = {}
    answers: dict[int, Any] = {}
    for place, pain, key in sent:
        headers = {"Idempotency-Key": key} if key else {}
        answer = ann.post("/me/check-ins", json=bodies[place] | {"pain": pain}, headers=headers)
        if place in stored and stored[place] != pain:
            assert answer.status_code == 409
        elif place in stored:
            assert answer.status_code in (200, 201)
            assert answer.json == answers[place]
        elif answer.status_code == 201:
            stored[place], answers[place] = pain, answer.json
        else:
            assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    with ann.clinic.open() as scope:
        rows = scope.connection.execute(select(tables.check_in.c.client_id, tables.check_in.c.pain)).all()
    assert {row.client_id.int: row.pain for row in rows} == stored
    assert len(rows) == len(stored)
    savepoint.rollback()


def test_the_same_key_and_body_give_the_first_status_and_answer_again(ben: Persona) -> None:
    key = {"Idempotency-Key": "made-on-a-tablet-1"}
    first = ben.post("/patients", json=NEW, headers=key)
    again = ben.post("/patients", json=dict(reversed(NEW.items())), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.content_type == "application/json"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert count(ben.clinic, tables.patient) == 1


def test_the_same_key_with_another_body_or_path_is_refused(ben: Persona, ann: PatientPersona) -> None:
    key = {"Idempotency-Key": "k"}
    ben.post("/patients", json=NEW, headers=key)
    for path, body in (("/patients", NEW | {"sex": "female"}), (f"/patients/{ann.id}/messages", {"body": "Hello"})):
        answer = ben.post(path, json=body, headers=key)
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert count(ben.clinic, tables.patient) == 2


def test_a_key_belongs_to_who_sent_it(ben: Persona, cleo: Persona) -> None:
    key = {"Idempotency-Key": "k"}
    first, second = (one.post("/patients", json=NEW, headers=key) for one in (ben, cleo))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["id"] != second.json["id"]


def test_a_refused_write_may_be_mended_under_its_key(ben: Persona) -> None:
    key = {"Idempotency-Key": "k"}
    assert ben.post("/patients", json=NEW | {"phone": "12"}, headers=key).status_code == 422
    assert ben.post("/patients", json=NEW, headers=key).status_code == 201


def test_an_acknowledgement_that_got_lost_may_be_sent_again(ann: PatientPersona, ben: Persona) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, symptoms=["fever"]))
    [flag] = ben.get("/flags").json["items"]
    seen = {"If-Match": f'"{flag["version"]}"', "Idempotency-Key": "k"}
    first = ben.post(f"/flags/{flag['id']}/acknowledge", headers=seen)
    again = ben.post(f"/flags/{flag['id']}/acknowledge", headers=seen)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json == first.json
    assert again.headers["ETag"] == first.headers["ETag"] == '"2"'


@pytest.mark.parametrize("key", ["", "a" * 256, "två", "tab\there"])
def test_a_key_that_is_none_is_refused(key: str, ben: Persona) -> None:
    answer = ben.post("/patients", json=NEW, headers={"Idempotency-Key": key})
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, ["Idempotency-Key"])


def test_neither_key_nor_answer_lies_open_in_the_database(ben: Persona, clinic: BuiltClinic) -> None:
    ben.post("/patients", json=NEW, headers={"Idempotency-Key": "canary-key"})
    with clinic.open() as scope:
        row = scope.connection.execute(select(tables.idempotency_key)).one()
    assert "canary-key" not in str(row._mapping)
    assert b"Samplewick" not in bytes(row.answer_sealed)


def test_the_first_request_still_in_flight_is_a_conflict_to_be_tried_again(app: Flask, clock: ClockHand) -> None:
    ann = make_patient(make_clinic(app))
    sent = check_in_body(ann)
    with ann.clinic.open() as scope:
        digest, engine = scope.vault.digest("idempotency-key", f"{ann.id}|k"), db.engine
    with engine.begin() as first:
        place = int.from_bytes(digest[:8], "big", signed=True)
        first.execute(text("SELECT pg_advisory_xact_lock(:place)"), {"place": place})
        answer = ann.post("/me/check-ins", json=sent, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json["code"]) == (409, "still_in_flight")
        assert answer.headers["Retry-After"] == "1"
    assert ann.post("/me/check-ins", json=sent, headers={"Idempotency-Key": "k"}).status_code == 201


@pytest.mark.parametrize("key", [None, "the-same"])
def test_sixteen_threads_with_one_report_store_it_once(key: str | None, app: Flask, clock: ClockHand) -> None:
    ann = make_patient(make_clinic(app))
    sent = check_in_body(ann, client_id=str(uuid4()), symptoms=["fever"])

    def send(_: int) -> tuple[int, Any]:
        answer = ann.post("/me/check-ins", json=sent, headers={"Idempotency-Key": key} if key else {})
        return answer.status_code, answer.json

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(16)))
    taken = [body for status, body in answers if status in (200, 201)]
    assert {status for status, _ in answers} <= {200, 201, 409}
    assert all(body == taken[0] for body in taken)
    assert count(ann.clinic, tables.check_in) == 1
    assert count(ann.clinic, tables.flag) == 1
    if key is None:
        assert sorted(status for status, _ in answers) == [200] * 15 + [201]
