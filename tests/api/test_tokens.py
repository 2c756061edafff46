"""Tokens: signing in, refreshing once, and what happens to a refresh token that comes back."""

from datetime import datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from recovery_api.clock import real_now
from recovery_api.models import tables
from recovery_api.services import sign_in
from recovery_api.services.credentials import SIGN_IN_LASTS, digest_of
from tests.builders import PASSWORD, TOTP_SECRET, BuiltClinic, PatientPersona, Persona, make_clinician

EMAIL = "dora@clinic.example"


def refresh(patient: PatientPersona, token: str | None = None) -> tuple[int, dict[str, object]]:
    answer = patient.client.post("/api/v1/token/refresh", json={"refresh_token": token or patient.refresh_token})
    return answer.status_code, answer.json


def use_earlier(patient: PatientPersona, by: timedelta) -> None:
    """Let the refresh token have been used that long ago; tokens keep real time."""
    credential = tables.credential
    with patient.clinic.open() as scope:
        scope.connection.execute(
            update(credential)
            .where(credential.c.digest == digest_of(patient.refresh_token))
            .values(used_at=real_now() - by)
        )


def test_a_clinician_signs_in_with_password_and_code_and_works_with_the_token(clinic: BuiltClinic) -> None:
    dora = make_clinician(clinic, email=EMAIL, signs_in=True)
    given = {"email": EMAIL, "password": PASSWORD, "totp": pyotp.TOTP(TOTP_SECRET).now()}
    answer = dora.client.post("/api/v1/staff/token", json=given)
    assert answer.status_code == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] > 0
    assert Persona(clinic, dora.id, answer.json["access_token"]).get("/flags").status_code == 200
    again = dora.client.post("/api/v1/staff/token", json=given)
    assert (again.status_code, again.json["code"]) == (401, "sign_in_refused"), "a code works once"


@pytest.mark.parametrize(
    "wrong", [{"password": "something else entirely"}, {"totp": "000000"}, {"email": "nobody@clinic.example"}], ids=str
)
def test_every_refusal_to_sign_in_reads_the_same(wrong: dict[str, str], clinic: BuiltClinic) -> None:
    dora = make_clinician(clinic, email=EMAIL, signs_in=True)
    given = {"email": EMAIL, "password": PASSWORD, "totp": pyotp.TOTP(TOTP_SECRET).now()} | wrong
    answer = dora.client.post("/api/v1/staff/token", json=given)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert {**answer.json, "request_id": ""} == {
        "type": "/api/v1/docs#sign_in_refused",
        "title": "You could not be signed in",
        "status": 401,
        "code": "sign_in_refused",
        "detail": "The e-mail, password or code is not right.",
        "errors": [],
        "request_id": "",
    }


class CountingHasher:
    """A hasher of passwords that counts how often it was asked."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self.asked, self._hasher = 0, hasher

    def verify(self, known: str, said: str) -> bool:
        self.asked += 1
        return self._hasher.verify(known, said)


STANDINGS: dict[str, dict[str, object]] = {
    "known": {},
    "waits after too many tries": {"locked_until": real_now() + timedelta(hours=1)},
    "is no colleague any more": {"disabled_at": real_now()},
    "was never set up": {"password_hash": None},
}


@pytest.mark.parametrize("standing", STANDINGS, ids=str)
def test_a_refusal_costs_the_same_work_whoever_is_named(
    standing: str, clinic: BuiltClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = make_clinician(clinic, email=EMAIL, signs_in=True)
    with clinic.open() as scope:
        scope.connection.execute(update(tables.clinician).values(totp_step=0, **STANDINGS[standing]))
    hasher = CountingHasher(sign_in._hasher)
    monkeypatch.setattr(sign_in, "_hasher", hasher)
    given = {"email": EMAIL, "password": "something else entirely", "totp": "000000"}
    assert dora.client.post("/api/v1/staff/token", json=given).status_code == 401
    assert hasher.asked == 1


def test_a_refreshed_pair_works_and_belongs_to_the_same_patient(ann: PatientPersona) -> None:
    status, pair = refresh(ann)
    assert status == 200
    assert pair["expires_in"] == 600
    assert str(pair["access_token"]).startswith("rta_")
    assert str(pair["refresh_token"]).startswith("rtr_")
    fresh = Persona(ann.clinic, ann.id, str(pair["access_token"]))
    assert fresh.get("/me").json["id"] == str(ann.id)
    assert refresh(ann, str(pair["refresh_token"]))[0] == 200


def test_no_refreshing_carries_a_sign_in_beyond_its_end(ann: PatientPersona) -> None:
    end, credential = real_now() + timedelta(minutes=5), tables.credential
    with ann.clinic.open() as scope:
        scope.connection.execute(
            update(credential).where(credential.c.digest == digest_of(ann.refresh_token)).values(ends_at=end)
        )
    _, pair = refresh(ann)
    _, last = refresh(ann, str(pair["refresh_token"]))
    assert pair["ends_at"] == last["ends_at"]
    assert 0 < int(str(last["expires_in"])) <= 300
    with ann.clinic.open() as scope:
        made = select(credential.c.expires_at).where(credential.c.ends_at == end, credential.c.used_at.is_(None))
        assert set(scope.connection.execute(made).scalars()) == {end}
        scope.connection.execute(
            update(credential).where(credential.c.ends_at == end).values(expires_at=real_now(), ends_at=real_now())
        )
    assert refresh(ann, str(last["refresh_token"]))[0] == 401


def test_tokens_of_before_sign_ins_had_an_end_get_one_that_stays(ann: PatientPersona) -> None:
    first, again = refresh(ann), refresh(ann)
    assert first == again
    left = datetime.fromisoformat(str(first[1]["ends_at"])) - real_now()
    assert timedelta(days=119) < left <= SIGN_IN_LASTS == timedelta(days=120)
    assert refresh(ann, str(first[1]["refresh_token"]))[1]["ends_at"] == first[1]["ends_at"]


def test_a_repeat_within_a_minute_gives_the_same_pair(ann: PatientPersona) -> None:
    first, again = refresh(ann), refresh(ann)
    assert first == again
    use_earlier(ann, timedelta(seconds=55))
    assert refresh(ann) == first


def test_a_reuse_after_a_minute_ends_the_whole_family(ann: PatientPersona) -> None:
    _, pair = refresh(ann)
    use_earlier(ann, timedelta(seconds=65))
    assert refresh(ann)[0] == 401
    for token in (ann.token, str(pair["access_token"])):
        assert Persona(ann.clinic, ann.id, token).get("/me").status_code == 401
    assert refresh(ann, str(pair["refresh_token"]))[0] == 401
    with ann.clinic.open() as scope:
        event = tables.audit_event
        seen = scope.connection.execute(select(event.c.patient_id).where(event.c.action == "token.reused")).scalars()
        assert list(seen) == [ann.id]


def test_a_reuse_within_a_minute_ends_the_family_where_its_pair_was_used(ann: PatientPersona) -> None:
    first = refresh(ann)[1]
    second = refresh(ann, str(first["refresh_token"]))[1]
    assert refresh(ann)[0] == 401
    assert [refresh(ann, str(pair["refresh_token"]))[0] for pair in (first, second)] == [401, 401]
    assert Persona(ann.clinic, ann.id, str(second["access_token"])).get("/me").status_code == 401


def test_the_clinic_is_told_of_a_copied_token_and_a_lost_answer_tells_nobody(ann: PatientPersona, ben: Persona) -> None:
    refresh(ann)
    refresh(ann)
    assert ben.get("/flags").json["items"] == [], "a repeat within a minute is a bad network"
    use_earlier(ann, timedelta(seconds=65))
    refresh(ann)
    refresh(ann)
    [flag] = ben.get("/flags").json["items"]
    assert (flag["family"], flag["tier"], flag["rule"], flag["repeats"]) == ("operations", "today", "token_reused", 0)
    assert flag["patient_id"] == str(ann.id)


def test_a_device_that_signs_out_is_out_at_once_and_others_stay(ann: PatientPersona, clinic: BuiltClinic) -> None:
    _, pair = refresh(ann)
    ended = ann.delete("/token")
    assert (ended.status_code, ended.data, ended.headers.get("Content-Type")) == (204, b"", None)
    for token in (ann.token, str(pair["access_token"])):
        assert Persona(clinic, ann.id, token).get("/me").status_code == 401
    assert refresh(ann)[0] == 401
    assert refresh(ann, str(pair["refresh_token"]))[0] == 401


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_an_expired_token_is_worth_nothing(kind: str, ann: PatientPersona) -> None:
    credential, token = tables.credential, ann.token if kind == "access" else ann.refresh_token
    with ann.clinic.open() as scope:
        scope.connection.execute(
            update(credential).where(credential.c.digest == digest_of(token)).values(expires_at=real_now())
        )
    assert (ann.get("/me").status_code if kind == "access" else refresh(ann)[0]) == 401


@pytest.mark.parametrize("token", ["rtr_" + "A" * 43, "x" * 200])
def test_a_made_up_refresh_token_is_refused(token: str, ann: PatientPersona) -> None:
    assert refresh(ann, token)[0] == 401


def test_an_access_token_refreshes_nothing(ann: PatientPersona) -> None:
    assert refresh(ann, ann.token)[0] == 401


def test_who_left_refreshes_nothing(ann: PatientPersona, ben: Persona) -> None:
    ben.patch(f"/patients/{ann.id}", json={"status": "left"})
    assert refresh(ann)[0] == 401


def test_no_secret_lies_in_the_database(ann: PatientPersona) -> None:
    _, pair = refresh(ann)
    with ann.clinic.open() as scope:
        rows = str(scope.connection.execute(select(tables.credential)).all())
    for secret in (ann.token, ann.refresh_token, str(pair["access_token"]), str(pair["refresh_token"])):
        assert secret not in rows
        assert secret[4:] not in rows
