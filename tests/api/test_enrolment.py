"""Enrolment: a printed code, six digits by text, a device with tokens; and nothing learned by who has no code."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, func, select, update

from recovery_api.cli import register_commands
from recovery_api.clock import real_now
from recovery_api.domain.consent import Leaving, Standing, why_not
from recovery_api.models import tables
from recovery_api.services.begin_enrolment import TRIES_OF_CODE
from recovery_api.services.confirm_enrolment import TRIES_OF_OTP
from recovery_api.services.credentials import issue
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinic, make_clinician, make_patient

UNKNOWN = "0000-0000-0000-0000"


def print_code(staff: Persona, patient: PatientPersona) -> str:
    answer = staff.post(f"/patients/{patient.id}/enrol-code")
    assert answer.status_code == 201, answer.json
    return str(answer.json["code"])


def begin(client: FlaskClient, code: str) -> Any:
    return client.post("/api/v1/enrol", json={"code": code})


def confirm(client: FlaskClient, challenge: str, otp: str, name: str = "A made-up phone") -> Any:
    body = {"challenge": challenge, "otp": otp, "device_name": name}
    return client.post("/api/v1/enrol/confirm", json=body)


def texts(clinic: BuiltClinic) -> list[tuple[str, str]]:
    """The six digits that were queued, oldest first, each with its phone."""
    message = tables.message
    with clinic.open() as scope:
        rows = scope.connection.execute(
            select(message).where(message.c.text_key == "login_code").order_by(message.c.id)
        ).all()
        bodies = [scope.vault.open("message.body", row.id, row.body_sealed) for row in rows]
        phones = [scope.vault.open("message.phone", row.id, row.phone_sealed) for row in rows]
    return [
        (phone, found[0]) for phone, body in zip(phones, bodies, strict=True) if (found := re.findall(r"\d{6}", body))
    ]


def other_than(otp: str) -> str:
    return f"{(int(otp) + 1) % 1_000_000:06}"


def later(clinic: BuiltClinic, by: timedelta) -> None:
    """Let every challenge have been made that long ago; codes keep real time."""
    kept = tables.enrol_challenge
    with clinic.open() as scope:
        scope.connection.execute(
            update(kept).values(created_at=kept.c.created_at - by, expires_at=kept.c.expires_at - by)
        )


def test_a_printed_code_and_six_digits_make_a_phone_the_patients(ann: PatientPersona, ben: Persona) -> None:
    code = print_code(ben, ann)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", code), "80 bits"
    begun = begin(ann.client, code.lower().replace("-", " "))
    assert (begun.status_code, begun.json["expires_in"]) == (200, 600)
    [(phone, otp)] = texts(ann.clinic)
    assert phone == ann.phone
    answer = confirm(ann.client, begun.json["challenge"], otp)
    assert answer.status_code == 200
    assert answer.json["expires_in"] == 600
    phone_of_ann = Persona(ann.clinic, ann.id, answer.json["access_token"])
    device = f"/me/devices/{answer.json['device_id']}"
    assert phone_of_ann.call("PUT", device, json={"platform": "fcm", "token": "made-up-token"}).status_code == 200
    assert phone_of_ann.get("/me").json["id"] == str(ann.id)
    refreshed = ann.client.post("/api/v1/token/refresh", json={"refresh_token": answer.json["refresh_token"]})
    assert refreshed.status_code == 200
    with ann.clinic.open() as scope:
        row = scope.connection.execute(select(tables.device)).one()
        assert scope.open("device.name", row.id, row.name_sealed) == "A made-up phone"
        family = select(tables.credential.c.family_id).where(tables.credential.c.kind == "patient_refresh").distinct()
        assert row.id in scope.connection.execute(family).scalars().all()
    assert phone_of_ann.delete(device).status_code == 204
    again = refreshed.json
    assert phone_of_ann.get("/me").status_code == 401
    assert Persona(ann.clinic, ann.id, again["access_token"]).get("/me").status_code == 401
    refused = ann.client.post("/api/v1/token/refresh", json={"refresh_token": again["refresh_token"]})
    assert refused.status_code == 401, "its device is gone, and its tokens with it"


def test_a_code_is_good_once_and_a_new_one_takes_its_place(ann: PatientPersona, ben: Persona) -> None:
    first, second = print_code(ben, ann), print_code(ben, ann)
    begin(ann.client, first)
    assert texts(ann.clinic) == [], "the older code is worth nothing"
    challenge = begin(ann.client, second).json["challenge"]
    [(_, otp)] = texts(ann.clinic)
    assert confirm(ann.client, challenge, otp).status_code == 200
    assert confirm(ann.client, challenge, otp).status_code == 401
    begin(ann.client, second)
    assert len(texts(ann.clinic)) == 1, "a spent code brings no text"


def test_the_newest_challenge_alone_is_good(ann: PatientPersona, ben: Persona) -> None:
    code = print_code(ben, ann)
    old, new = (begin(ann.client, code).json["challenge"] for _ in range(2))
    [(_, old_otp), (_, new_otp)] = texts(ann.clinic)
    assert confirm(ann.client, old, old_otp).status_code == 401
    assert confirm(ann.client, new, new_otp).status_code == 200


def test_five_tries_and_ten_minutes_are_all_that_a_challenge_gives(ann: PatientPersona, ben: Persona) -> None:
    code = print_code(ben, ann)
    challenge = begin(ann.client, code).json["challenge"]
    [(_, otp)] = texts(ann.clinic)
    for _ in range(TRIES_OF_OTP):
        assert confirm(ann.client, challenge, other_than(otp)).status_code == 401
    assert confirm(ann.client, challenge, otp).status_code == 401, "the sixth try is not looked at"
    challenge = begin(ann.client, code).json["challenge"]
    later(ann.clinic, timedelta(minutes=10))
    assert confirm(ann.client, challenge, texts(ann.clinic)[1][1]).status_code == 401, "ten minutes are over"


@pytest.mark.parametrize("is_known", [True, False])
def test_three_an_hour_and_ten_in_all_whoever_asks(is_known: bool, ann: PatientPersona, ben: Persona) -> None:
    code = print_code(ben, ann) if is_known else UNKNOWN
    for begun in range(1, TRIES_OF_CODE + 3):
        assert begin(ann.client, code).status_code == 200
        if begun % 3 == 0:
            refused = begin(ann.client, code)
            assert (refused.status_code, refused.json["code"]) == (429, "too_many")
            assert 3500 < int(refused.headers["Retry-After"]) <= 3600
            later(ann.clinic, timedelta(hours=1, seconds=1))
            with ann.clinic.open() as scope:  # a text's id tells when it was made: let these be another phone's
                scope.connection.execute(update(tables.message).values(phone_digest=b"another"))
    assert len(texts(ann.clinic)) == (TRIES_OF_CODE if is_known else 0)


def test_two_codes_of_one_phone_bring_three_texts_an_hour(clinic: BuiltClinic, ben: Persona) -> None:
    two = [make_patient(clinic, given_name=name, phone="+12125550141", label=name[0]) for name in ("Ada", "Bo")]
    codes = [print_code(ben, one) for one in two]
    for code in codes * 2:
        begin(ben.client, code)
    assert len(texts(clinic)) == 3


@pytest.mark.parametrize(
    "spoil",
    ["UPDATE credential SET expires_at = now() - interval '1 second' WHERE kind = 'enrol_code'",
     "UPDATE contact_point SET state = 'opted_out'", "UPDATE contact_point SET state = 'wrong_person'",
     "UPDATE contact_point SET channel = 'voice'", "UPDATE contact_point SET whose = 'caregiver'",
     "UPDATE patient SET status = 'left'"],
)  # fmt: skip
def test_texts_go_to_the_living_patients_own_enrolled_phone_alone(
    spoil: str, ann: PatientPersona, ben: Persona
) -> None:
    code = print_code(ben, ann)
    with ann.clinic.open() as scope:
        scope.connection.exec_driver_sql(spoil)
    assert begin(ann.client, code).status_code == 200
    assert texts(ann.clinic) == []


def test_who_waits_for_digits_gets_them_at_any_hour_and_before_joining(clock: ClockHand) -> None:
    zone = ZoneInfo("America/New_York")
    night = clock.now.replace(hour=5)
    text = Leaving("conversation", night + timedelta(minutes=10), "login_code")
    for state, refusal in (("active", None), ("invited", None), ("opted_out", "suppressed")):
        assert why_not(text, Standing(state, "active", None, zone), night) == refusal


def test_a_known_and_an_unknown_code_look_alike_to_the_byte(ann: PatientPersona, ben: Persona) -> None:
    code = print_code(ben, ann)
    looks = []
    for one in (code, UNKNOWN):
        begun = begin(ann.client, one)
        refused = confirm(ann.client, begun.json["challenge"], "000000")
        looks.append([_look(begun, begun.json["challenge"]), _look(refused, begun.json["challenge"])])
    assert looks[0] == looks[1]


def _look(answer: Any, challenge: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """An answer without what is random in every one of them."""
    request_id = answer.headers["X-Request-ID"]
    body = answer.data.replace(request_id.encode(), b"").replace(challenge.encode(), b"")
    headers = [(name, value.replace(request_id, "")) for name, value in answer.headers if name != "ETag"]
    return answer.status_code, body, sorted(headers)


def test_a_code_that_nobody_knows_leaves_no_text_and_no_audit(ann: PatientPersona) -> None:
    assert begin(ann.client, UNKNOWN).status_code == 200
    with ann.clinic.open() as scope:
        event, work = tables.audit_event, tables.due_work
        begun = select(func.count()).select_from(event).where(event.c.action == "enrol.begun")
        assert scope.connection.execute(begun).scalar() == 0
        sends = select(func.count()).select_from(work).where(work.c.kind.in_(("send_alert", "send_bulk")))
        assert scope.connection.execute(sends).scalar() == 0
    assert texts(ann.clinic) == []


def test_no_code_and_no_digits_lie_in_the_database(ann: PatientPersona, ben: Persona, database: Connection) -> None:
    code = print_code(ben, ann)
    challenge = begin(ann.client, code).json["challenge"]
    [(_, otp)] = texts(ann.clinic)
    rows = str(
        database.execute(select(tables.enrol_challenge)).all() + database.execute(select(tables.credential)).all()
    )
    for secret in (code, code.replace("-", ""), challenge, challenge[4:]):
        assert secret not in rows
    assert f"'{otp}'" not in rows
    assert ben.get(f"/patients/{ann.id}/messages").json["items"] == [], "no thread shows the digits"


@pytest.mark.parametrize(
    "body",
    [{}, {"code": ""}, {"code": "x" * 65}, {"code": 7}, {"code": None}, {"code": UNKNOWN, "phone": "+12125550141"}],
    ids=str,
)
def test_a_body_that_is_no_code_is_refused(body: dict[str, Any], ann: PatientPersona) -> None:
    assert ann.client.post("/api/v1/enrol", json=body).status_code == 422


def test_no_code_is_issued_to_who_could_not_use_it(ann: PatientPersona, ben: Persona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(state="unusable"))
    answer = ben.post(f"/patients/{ann.id}/enrol-code")
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_a_lost_phone_is_signed_out_by_the_clinic_from_the_next_call_on(ann: PatientPersona, ben: Persona) -> None:
    code = print_code(ben, ann)
    assert ben.post(f"/patients/{ann.id}/sign-out").status_code == 204
    assert ann.get("/me").status_code == 401
    assert ann.client.post("/api/v1/token/refresh", json={"refresh_token": ann.refresh_token}).status_code == 401
    begin(ann.client, code)
    assert texts(ann.clinic) == []


def test_the_codes_of_the_seeded_clinics_work(app: Flask, clock: ClockHand) -> None:
    with app.app_context():
        register_commands(app)
        said = app.test_cli_runner().invoke(args=["seed-test", "--json"])
    assert said.exit_code == 0, said.output
    seeded = json.loads(said.output)["clinics"][1]
    clinic, patient = BuiltClinic(app, UUID(seeded["id"]), seeded["number"]), seeded["patients"][2]
    client = app.test_client(use_cookies=False)
    challenge = begin(client, patient["enrol_code"]).json["challenge"]
    [(phone, otp)] = texts(clinic)
    assert phone == patient["phone"]
    tokens = confirm(client, challenge, otp).json
    assert Persona(clinic, UUID(patient["id"]), tokens["access_token"]).get("/me").json["id"] == patient["id"]


def test_of_two_hundred_guesses_at_once_five_are_looked_at_and_the_known_phone_gets_in(
    app: Flask, clock: ClockHand
) -> None:
    clinic = make_clinic(app)
    ann = make_patient(clinic)
    with clinic.open() as scope:
        code = issue(scope.connection, "enrol_code", clinic.id, ann.id)
    challenge = begin(ann.client, code).json["challenge"]
    [(_, otp)] = texts(clinic)
    guesses = [f"{number:06}" for number in range(200) if f"{number:06}" != otp][:199]
    guesses.insert(100, otp)
    threads = 16
    start = Barrier(threads)

    def guess(share: list[str]) -> list[int]:
        start.wait()
        return [confirm(clinic.app.test_client(), challenge, one).status_code for one in share]

    with ThreadPoolExecutor(threads) as pool:
        found = [status for part in pool.map(guess, [guesses[n::threads] for n in range(threads)]) for status in part]
    with clinic.open() as scope:
        tries = scope.connection.execute(select(tables.enrol_challenge.c.tries)).scalar_one()
    assert set(found) <= {200, 401}
    assert tries == TRIES_OF_OTP if 200 not in found else tries <= TRIES_OF_OTP
    assert len(found) == 200
    refreshed = ann.client.post("/api/v1/token/refresh", json={"refresh_token": ann.refresh_token})
    assert refreshed.status_code == 200


def test_of_many_wishes_at_once_three_bring_a_text(app: Flask, clock: ClockHand) -> None:
    clinic = make_clinic(app)
    ann = make_patient(clinic)
    with clinic.open() as scope:
        code = issue(scope.connection, "enrol_code", clinic.id, ann.id)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: begin(clinic.app.test_client(), code).status_code, range(12)))
    assert sorted(found) == [200] * 3 + [429] * 9
    assert len(texts(clinic)) == 3


def test_a_refresh_that_runs_beside_a_sign_out_leaves_no_token_alive(app: Flask, clock: ClockHand) -> None:
    clinic = make_clinic(app)
    ann, ben = make_patient(clinic), make_clinician(clinic)
    start = Barrier(2)

    def refresh() -> Any:
        start.wait()
        return ann.client.post("/api/v1/token/refresh", json={"refresh_token": ann.refresh_token}).json

    def sign_out() -> None:
        start.wait()
        ben.post(f"/patients/{ann.id}/sign-out")

    with ThreadPoolExecutor(2) as pool:
        pair, _ = pool.submit(refresh), pool.submit(sign_out)
    token = pair.result().get("access_token", ann.token)
    assert Persona(clinic, ann.id, token).get("/me").status_code == 401
    credential = tables.credential
    with clinic.open() as scope:
        alive = (
            select(func.count())
            .select_from(credential)
            .where(
                credential.c.subject_id == ann.id,
                credential.c.revoked_at.is_(None),
                credential.c.expires_at > real_now(),
            )
        )
        assert scope.connection.execute(alive).scalar() == 0
