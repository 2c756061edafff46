"""Tokens bound to a key: DPoP, RFC 9449. A copied token alone is worth nothing."""

import base64
import hashlib
import time
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from werkzeug.test import TestResponse

from recovery_api.models import tables
from tests.api.test_enrolment import begin, print_code, texts
from tests.builders import PatientPersona, Persona

PUBLIC = "https://recovery.test"
API = "/api/v1"
OLD = 400  # seconds, out of the window


class Key:
    """An app's key in its keystore."""

    def __init__(self, curve: ec.EllipticCurve | None = None) -> None:
        self.private = ec.generate_private_key(curve or ec.SECP256R1())

    @property
    def jwk(self) -> dict[str, Any]:
        """Its public half."""
        return dict(jwt.get_algorithm_by_name("ES256").to_jwk(self.private.public_key(), as_dict=True))

    def proof(self, method: str, path: str, token: str | None = None, **changes: Any) -> str:
        """A proof for one request; `changes` are to claims, and to the header where they begin with `header_`."""
        claims: dict[str, Any] = {
            "jti": uuid4().hex,
            "htm": method,
            "htu": PUBLIC + API + path,
            "iat": int(time.time()),
        }
        if token is not None:
            claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
        header = {"typ": "dpop+jwt", "jwk": self.jwk}
        for name, value in changes.items():
            part, key = (header, name[7:]) if name.startswith("header_") else (claims, name)
            part[key] = value
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.private, algorithm="ES256", headers=header)


class BoundPhone:
    """A phone of Ann's whose tokens are bound to its key."""

    def __init__(self, patient: PatientPersona, key: Key, pair: dict[str, Any]) -> None:
        self.patient, self.key, self.pair = patient, key, pair

    def get(self, path: str = "/me", *, scheme: str = "DPoP", proof: str | None = None) -> TestResponse:
        token = self.pair["access_token"]
        made = self.key.proof("GET", path, token) if proof is None else proof
        headers = {"Authorization": f"{scheme} {token}"} | ({"DPoP": made} if made else {})
        return self.patient.client.get(API + path, headers=headers)

    def refresh(self, proof: str | None, **headers: str) -> TestResponse:
        headers |= {"DPoP": proof} if proof else {}
        body = {"refresh_token": self.pair["refresh_token"]}
        return self.patient.client.post(f"{API}/token/refresh", json=body, headers=headers)


def confirm_with(ann: PatientPersona, ben: Persona, proof: str) -> TestResponse:
    challenge = begin(ann.client, print_code(ben, ann)).json["challenge"]
    [*_, (_, otp)] = texts(ann.clinic)
    body = {"challenge": challenge, "otp": otp, "device_name": "A made-up phone"}
    return ann.client.post(f"{API}/enrol/confirm", json=body, headers={"DPoP": proof})


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> BoundPhone:
    key = Key()
    answer = confirm_with(ann, ben, key.proof("POST", "/enrol/confirm"))
    assert (answer.status_code, answer.json["token_type"]) == (200, "DPoP")
    return BoundPhone(ann, key, answer.json)


def refused(answer: TestResponse) -> bool:
    told = answer.headers.get("WWW-Authenticate", "")
    return (answer.status_code, answer.json["code"], told.split()[0]) == (401, "proof_refused", "DPoP")


def test_a_bound_token_works_with_a_fresh_proof_each_time(phone: BoundPhone) -> None:
    assert phone.get().json["id"] == str(phone.patient.id)
    assert phone.get("/me/check-ins?limit=3", proof=phone.key.proof("GET", "/me/check-ins", phone.pair["access_token"]))
    assert phone.get().status_code == 200


def test_a_copied_token_without_the_key_is_worth_nothing(phone: BoundPhone) -> None:
    assert refused(phone.get(proof=""))
    assert refused(phone.get(scheme="Bearer"))
    assert refused(phone.get(scheme="Bearer", proof=""))
    assert refused(phone.get(proof=Key().proof("GET", "/me", phone.pair["access_token"])))
    assert refused(phone.refresh(None))
    assert refused(phone.refresh(Key().proof("POST", "/token/refresh")))


def test_a_proof_is_good_once(phone: BoundPhone) -> None:
    proof = phone.key.proof("GET", "/me", phone.pair["access_token"])
    assert phone.get(proof=proof).status_code == 200
    assert refused(phone.get(proof=proof))


def test_a_proof_stays_spent_although_its_request_was_undone(phone: BoundPhone) -> None:
    path = f"/me/appointments/{uuid4()}/calendar.ics"
    proof = phone.key.proof("GET", path, phone.pair["access_token"])
    assert phone.get(path, proof=proof).status_code == 404
    assert refused(phone.get(path, proof=proof))


@pytest.mark.parametrize(
    "changes",
    [{"htm": "POST"}, {"htm": "get"}, {"htm": None}, {"htu": f"{PUBLIC}{API}/me/episode"}, {"htu": None},
     {"htu": f"https://evil.example{API}/me"}, {"htu": f"http://recovery.test{API}/me"},
     {"htu": f"{PUBLIC}{API}/me?x=1"}, {"htu": 7}, {"iat": 0}, {"iat": None}, {"iat": "now"}, {"iat": True},
     {"iat": float("inf")}, {"jti": None}, {"jti": ""}, {"jti": 7}, {"jti": "x" * 300}, {"ath": None}, {"ath": "x"},
     {"header_typ": "JWT"}, {"header_jwk": {}}, {"header_jwk": "x"}, {"header_jwk": {"kty": "oct", "k": "AAAA"}},
     {"header_jwk": Key().jwk}],
    ids=lambda changes: "another key" if isinstance(changes.get("header_jwk"), dict) else str(changes),
)  # fmt: skip
def test_a_proof_of_anything_else_is_refused(changes: dict[str, Any], phone: BoundPhone) -> None:
    assert refused(phone.get(proof=phone.key.proof("GET", "/me", phone.pair["access_token"], **changes)))


@pytest.mark.parametrize("by", [-OLD, OLD])
def test_a_proof_of_another_hour_is_refused_and_a_clock_some_minutes_off_is_not(by: int, phone: BoundPhone) -> None:
    token, now = phone.pair["access_token"], int(time.time())
    assert refused(phone.get(proof=phone.key.proof("GET", "/me", token, iat=now + by)))
    assert phone.get(proof=phone.key.proof("GET", "/me", token, iat=now + by // 2)).status_code == 200


@pytest.mark.parametrize("proof", ["x", "a.b.c", "é", "x" * 5000, "e30.e30."], ids=["x", "dots", "é", "long", "none"])
def test_what_is_no_proof_is_refused(proof: str, phone: BoundPhone) -> None:
    assert refused(phone.get(proof=proof))


def test_no_other_algorithm_is_taken(phone: BoundPhone) -> None:
    token = phone.pair["access_token"]
    claims = jwt.decode(phone.key.proof("GET", "/me", token), options={"verify_signature": False})
    header = {"typ": "dpop+jwt", "jwk": phone.key.jwk}
    assert refused(phone.get(proof=jwt.encode(claims, None, algorithm="none", headers=header)))
    assert refused(phone.get(proof=jwt.encode(claims, "secret" * 8, algorithm="HS256", headers=header)))
    with_private = header["jwk"] | {"d": "AAAA"}
    assert refused(phone.get(proof=phone.key.proof("GET", "/me", token, header_jwk=with_private)))


def test_a_refresh_stays_with_the_key_and_a_repeat_gives_the_same_pair(phone: BoundPhone) -> None:
    first, again = (phone.refresh(phone.key.proof("POST", "/token/refresh")) for _ in range(2))
    assert first.status_code == 200
    assert first.json == again.json
    assert first.json["token_type"] == "DPoP"
    assert BoundPhone(phone.patient, phone.key, first.json).get().status_code == 200
    assert refused(BoundPhone(phone.patient, Key(), first.json).get())


def test_a_kept_answer_is_given_again_to_the_holder_of_the_key_alone(phone: BoundPhone) -> None:
    kept = {"Idempotency-Key": "k"}
    first = phone.refresh(phone.key.proof("POST", "/token/refresh"), **kept)
    again = phone.refresh(phone.key.proof("POST", "/token/refresh"), **kept)
    assert (first.status_code, again.json, again.headers["Idempotent-Replayed"]) == (200, first.json, "true")
    assert refused(phone.refresh(phone.key.proof("GET", "/token/refresh"), **kept))
    for proof in (None, Key().proof("POST", "/token/refresh")):
        assert phone.refresh(proof, **kept).status_code == 422


def test_a_token_without_a_key_is_a_bearer_token_and_nothing_else(phone: BoundPhone, ann: PatientPersona) -> None:
    plain = BoundPhone(ann, phone.key, {"access_token": ann.token, "refresh_token": ann.refresh_token})
    assert plain.get(scheme="Bearer").status_code == 200
    assert refused(plain.get())


def test_an_enrolment_with_a_bad_proof_binds_nothing(ann: PatientPersona, ben: Persona) -> None:
    assert refused(confirm_with(ann, ben, Key().proof("GET", "/enrol/confirm")))
    proof = Key().proof("POST", "/enrol/confirm")
    assert confirm_with(ann, ben, proof).status_code == 200
    assert refused(confirm_with(ann, ben, proof)), "a proof that was seen enrols nobody"


def test_only_a_thumbprint_of_the_key_is_kept(phone: BoundPhone) -> None:
    credential = tables.credential
    with phone.patient.clinic.open() as scope:
        kept = set(scope.connection.execute(select(credential.c.key_thumbprint)).scalars())
    members = phone.key.jwk
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{members["x"]}","y":"{members["y"]}"}}'
    assert kept == {None, hashlib.sha256(canonical.encode()).digest()}
