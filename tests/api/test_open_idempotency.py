"""Idempotency without a token: enrolment, refresh and sign-in, sent again, do nothing twice and answer alike."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select, update

from recovery_api.models import tables
from recovery_api.services import keep_open_answer
from tests.api.test_enrolment import UNKNOWN, begin, confirm, later, other_than, print_code, texts
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinic, make_patient

KEY = {"Idempotency-Key": "made-on-a-phone-1"}
Send = Callable[..., Any]


@pytest.fixture
def send(ann: PatientPersona) -> Send:
    """Sends one of the writes that need no token, under the key."""
    return lambda path, key=KEY, **body: ann.client.post(f"/api/v1{path}", json=body, headers=key)


def claimed(clinic: BuiltClinic, by: timedelta, **values: object) -> None:
    """Let every key have come that long ago; keys keep real time."""
    kept = tables.open_answer
    with clinic.open() as scope:
        scope.connection.execute(update(kept).values(claimed_at=kept.c.claimed_at - by, **values))


def test_an_enrolment_sent_again_brings_one_text_and_one_device(ann: PatientPersona, ben: Persona, send: Send) -> None:
    code = print_code(ben, ann)
    begun = [send("/enrol", code=code) for _ in range(4)]
    assert [one.status_code for one in begun] == [200] * 4, "more than three an hour, yet one wish"
    assert len({one.json["challenge"] for one in begun}) == 1
    [(_, otp)] = texts(ann.clinic)
    assert ["Idempotent-Replayed" in one.headers for one in begun] == [False, True, True, True]
    said = {"challenge": begun[0].json["challenge"], "otp": otp, "device_name": "A made-up phone"}
    first, again = (send("/enrol/confirm", {"Idempotency-Key": "k-2"}, **said) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json == first.json
    assert again.content_type == "application/json"
    assert Persona(ann.clinic, ann.id, again.json["access_token"]).get("/me").status_code == 200


def test_a_refresh_whose_answer_was_lost_for_longer_than_a_minute_gives_the_same_pair(
    ann: PatientPersona, ben: Persona, send: Send, clock: ClockHand
) -> None:
    challenge = begin(ann.client, print_code(ben, ann)).json["challenge"]
    token = confirm(ann.client, challenge, texts(ann.clinic)[0][1]).json["refresh_token"]
    first = send("/token/refresh", refresh_token=token)
    with ann.clinic.open() as scope:
        used = tables.credential.c.used_at
        scope.connection.execute(update(tables.credential).values(used_at=used - timedelta(minutes=5)))
    again = send("/token/refresh", refresh_token=token)
    assert (again.status_code, again.json) == (200, first.json)
    assert Persona(ann.clinic, ann.id, again.json["access_token"]).get("/me").status_code == 200
    without = ann.client.post("/api/v1/token/refresh", json={"refresh_token": token})
    assert without.status_code == 401, "without the key it is a token that was used twice"


def test_the_same_key_with_another_body_or_path_is_refused(send: Send) -> None:
    assert send("/enrol", code=UNKNOWN).status_code == 200
    for path, body in (("/enrol", {"code": f"{UNKNOWN}X"}), ("/token/refresh", {"refresh_token": "t" * 43})):
        answer = send(path, **body)
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert send("/enrol", code=UNKNOWN).headers["Idempotent-Replayed"] == "true"


def test_nobody_guesses_digits_with_the_key_of_the_answer(ann: PatientPersona, ben: Persona, send: Send) -> None:
    challenge = begin(ann.client, print_code(ben, ann)).json["challenge"]
    [(_, otp)] = texts(ann.clinic)
    said = {"challenge": challenge, "device_name": "A made-up phone"}
    assert send("/enrol/confirm", otp=otp, **said).status_code == 200
    for _ in range(5):
        assert send("/enrol/confirm", otp=other_than(otp), **said).status_code == 422
    assert send("/enrol/confirm", otp=otp, **said).status_code == 422, "after five guesses the right one gives nothing"


def test_a_refused_write_may_be_mended_under_its_key(ann: PatientPersona, ben: Persona, send: Send) -> None:
    challenge = begin(ann.client, print_code(ben, ann)).json["challenge"]
    [(_, otp)] = texts(ann.clinic)
    said = {"challenge": challenge, "device_name": "A made-up phone"}
    assert send("/enrol/confirm", otp=other_than(otp), **said).status_code == 401
    assert send("/enrol/confirm", otp=other_than(otp), **said).status_code == 401, "and each try counts"
    assert send("/enrol/confirm", otp=otp, **said).status_code == 200


def test_the_first_request_still_in_flight_is_a_conflict_to_be_tried_again(ann: PatientPersona, send: Send) -> None:
    send("/enrol", code=UNKNOWN)
    claimed(ann.clinic, timedelta(), answer_sealed=None)
    answer = send("/enrol", code=UNKNOWN)
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (409, "still_in_flight", "1")
    claimed(ann.clinic, timedelta(minutes=1))
    assert "Idempotent-Replayed" not in send("/enrol", code=UNKNOWN).headers, "whoever began has ended in the middle"
    claimed(ann.clinic, timedelta(minutes=1))
    assert "Idempotent-Replayed" in send("/enrol", code=UNKNOWN).headers
    claimed(ann.clinic, timedelta(hours=1))
    assert "Idempotent-Replayed" not in send("/enrol", code=UNKNOWN).headers, "an hour is over"


def test_of_two_at_once_one_is_answered_and_the_other_asked_to_wait(
    app: Flask, clock: ClockHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, inner = make_patient(make_clinic(app)), []

    def settle(*given: Any) -> None:
        inner.append(ann.client.post("/api/v1/enrol", json={"code": UNKNOWN}, headers=KEY))
        keep_open_answer.settle_open_write(*given)

    monkeypatch.setattr("recovery_api.api.calls.settle_open_write", settle)
    first = ann.client.post("/api/v1/enrol", json={"code": UNKNOWN}, headers=KEY)
    assert (first.status_code, inner[0].status_code) == (200, 409)


def test_known_and_unknown_codes_leave_rows_that_look_alike(ann: PatientPersona, ben: Persona, send: Send) -> None:
    for number, code in enumerate((print_code(ben, ann), UNKNOWN)):
        send("/enrol", {"Idempotency-Key": f"k-{number}"}, code=code)
    with ann.clinic.open() as scope:
        rows = scope.connection.execute(select(tables.open_answer)).all()
    assert len({tuple(len(bytes(row._mapping[name])) for name in ("digest", "answer_sealed")) for row in rows}) == 1


def test_nothing_that_was_said_or_answered_lies_open_in_the_database(
    ann: PatientPersona, ben: Persona, send: Send, database: Connection
) -> None:
    code = print_code(ben, ann)
    challenge = send("/enrol", code=code).json["challenge"]
    later(ann.clinic, timedelta())
    [row] = database.execute(select(tables.open_answer)).all()
    held = b"".join(bytes(value) for value in row if isinstance(value, bytes | memoryview))
    for said in (code, challenge, KEY["Idempotency-Key"]):
        assert said.encode() not in held


@pytest.mark.parametrize("key", ["", "a" * 256, "två"])
def test_a_key_that_is_none_is_refused(key: str, send: Send) -> None:
    answer = send("/enrol", {"Idempotency-Key": key}, code=UNKNOWN)
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, ["Idempotency-Key"])
