"""Signing in otherwise: recovery codes, sessions ended from anywhere, a lock that keeps the draft, a fresh proof."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from recovery_api.clinic.account_page import KeptPage
from recovery_api.clock import real_now
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services import sign_in
from recovery_api.services.credentials import SESSION_IDLE
from recovery_api.services.prove_identity import FRESH
from recovery_api.services.recovery_codes import COUNT
from tests.builders import (
    PASSWORD,
    TOTP_SECRET,
    BuiltClinic,
    ClockHand,
    PatientPersona,
    Persona,
    make_clinician,
    make_patient,
)
from tests.clinic.page_reader import Page

EMAIL = "dee@clinic.example"
NOTE = "half a note about the gazebo"


@pytest.fixture
def dee(clinic: BuiltClinic) -> Persona:
    """A lead who signs in on the pages."""
    return make_clinician(clinic, "lead", email=EMAIL, signs_in=True)


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def enter(dee: Persona, code: str | None = None, agent: str = "Firefox/1 Linux", email: str = EMAIL) -> FlaskClient:
    client = dee.clinic.app.test_client()
    known = pyotp.TOTP(TOTP_SECRET).now() if code is None else code
    fields = {"csrf": token(client.get("/sign-in").text), "email": email, "password": PASSWORD, "totp": known}
    client.post("/sign-in", data=fields, headers={"User-Agent": agent})
    if code is None:  # each code is good once; tests need several
        with dee.clinic.open() as scope:
            scope.connection.execute(update(tables.clinician).values(totp_step=0))
    return client


def is_in(client: FlaskClient) -> bool:
    return client.get("/worklist").status_code == 200


def press(client: FlaskClient, path: str, source: str = "/account", **fields: str) -> TestResponse:
    return client.post(path, data={"csrf": token(client.get(source).text), **fields})


def age(dee: Persona, by: timedelta, *columns: str) -> None:
    with dee.clinic.open() as scope:
        then = real_now() - by
        sessions = update(tables.credential).where(tables.credential.c.kind == "session")
        scope.connection.execute(sessions.values(**dict.fromkeys(columns, then)))


def audited(dee: Persona) -> list[tuple[str, dict[str, Any]]]:
    audit = tables.audit_event
    with dee.clinic.open() as scope:
        rows = scope.connection.execute(select(audit).where(audit.c.actor_id == dee.id).order_by(audit.c.id))
        return [(row.action, row.detail) for row in rows]


def test_a_recovery_code_signs_in_once_and_new_codes_end_the_old(dee: Persona) -> None:
    client = enter(dee)
    codes = re.findall(r"<code>([0-9A-Z-]{29})</code>", press(client, "/account/codes").text)
    assert len(set(codes)) == COUNT
    assert "10 of 10 left" in client.get("/account").text
    assert not any(code in client.get("/account").text for code in codes)
    assert is_in(enter(dee, codes[0].lower()))
    assert not is_in(enter(dee, codes[0]))
    assert "9 of 10 left" in client.get("/account").text
    press(client, "/account/codes")
    assert not is_in(enter(dee, codes[1]))
    with dee.clinic.open() as scope:
        stored = scope.connection.execute(select(tables.credential.c.digest)).scalars().all()
        assert not any(code.replace("-", "").encode() in bytes(digest) for digest in stored for code in codes)
    assert ("signed_in", {"as": "session", "by": "recovery_code"}) in audited(dee)


def test_a_recovery_code_is_nothing_without_the_password_or_for_somebody_else(dee: Persona) -> None:
    codes = re.findall(r"<code>([0-9A-Z-]{29})</code>", press(enter(dee), "/account/codes").text)
    client = dee.clinic.app.test_client()
    fields = {"email": EMAIL, "password": "another passphrase", "totp": codes[0]}
    assert client.post("/sign-in", data={"csrf": token(client.get("/sign-in").text), **fields}).status_code == 401
    make_clinician(dee.clinic, "lead", email="other@clinic.example", signs_in=True)
    other = {"email": "other@clinic.example", "password": PASSWORD, "totp": codes[0]}
    assert client.post("/sign-in", data={"csrf": token(client.get("/sign-in").text), **other}).status_code == 401
    assert is_in(enter(dee, codes[0]))  # it was not spent by either


def test_sessions_are_listed_and_ended_from_anywhere(dee: Persona, ben: Persona) -> None:
    here, phone, third = enter(dee), enter(dee, agent="Mozilla iPhone Safari/1"), enter(dee)
    page = here.get("/account").text
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    ids = re.findall(r"/account/sessions/([0-9a-f-]{36})/end", page)
    assert len(ids) == 3
    on_phone = re.search(r"Safari on iPhone</b>.*?/account/sessions/([0-9a-f-]{36})/end", page, re.DOTALL)
    assert on_phone is not None
    assert press(here, f"/account/sessions/{on_phone[1]}/end").status_code == 303
    assert [is_in(one) for one in (here, phone, third)] == [True, False, True]
    press(here, "/account/sessions/end")
    assert [is_in(one) for one in (here, third)] == [True, False]
    own = re.search(r"/account/sessions/([0-9a-f-]{36})/end", here.get("/account").text)
    assert own is not None
    assert press(here, f"/account/sessions/{own[1]}/end").headers["Location"] == "/sign-in"
    assert not is_in(here)
    assert [detail["ended"] for action, detail in audited(dee) if action == "sessions.ended"] == [1, 1, 1]


def test_nobody_ends_the_session_of_somebody_else(dee: Persona, clinic: BuiltClinic) -> None:
    client = enter(dee)
    own = re.search(r"/account/sessions/([0-9a-f-]{36})/end", client.get("/account").text)
    assert own is not None
    make_clinician(clinic, "lead", email="other@clinic.example", signs_in=True)
    other = clinic.app.test_client()
    fields = {"email": "other@clinic.example", "password": PASSWORD, "totp": pyotp.TOTP(TOTP_SECRET).now()}
    other.post("/sign-in", data={"csrf": token(other.get("/sign-in").text), **fields})
    assert press(other, f"/account/sessions/{own[1]}/end").status_code == 404
    assert is_in(client)


@pytest.mark.parametrize(("language", "words"), [("en", "Save and sign in"), ("es", "Guardar y entrar")])
def test_who_saves_a_new_account_is_signed_in_and_the_code_is_spent(
    clinic: BuiltClinic, dee: Persona, language: str, words: str
) -> None:
    added = press(enter(dee), "/clinic/staff", "/worklist", name="Tilda", email="tilda@clinic.example", role="nurse")
    link = re.search(r"/set-up/[\w-]+", added.text)
    assert link is not None
    client = clinic.app.test_client()
    page = client.get(link[0], headers={"Accept-Language": language}).text
    assert re.search(rf'<button class="main">{words}</button>', page)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert secret is not None
    code = pyotp.TOTP(secret[1].replace(" ", "")).now()
    fields = {"csrf": token(page), "password": PASSWORD, "password_again": PASSWORD, "totp": code}
    saved = client.post(link[0], data=fields)
    assert (saved.status_code, saved.headers["Location"]) == (303, "/worklist")
    assert is_in(client)
    assert client.get(link[0]).status_code == 404
    again = clinic.app.test_client()
    fields |= {"csrf": token(again.get("/sign-in").text), "email": "tilda@clinic.example"}
    assert again.post("/sign-in", data=fields).status_code == 401


def test_an_idle_page_asks_who_is_there_and_the_half_written_form_is_still_there(
    dee: Persona, ann: PatientPersona
) -> None:
    client = enter(dee)
    csrf = token(client.get(f"/patients/{ann.id}").text)
    age(dee, SESSION_IDLE + timedelta(minutes=1), "seen_at", "proved_at")
    asked = client.get(f"/patients/{ann.id}")
    assert asked.headers["Location"] == f"/prove?next=/patients/{ann.id}"
    locked = client.post(f"/patients/{ann.id}/messages", data={"csrf": csrf, "body": NOTE})
    assert locked.status_code == 401
    assert NOTE not in locked.text  # whoever walks past does not read it
    sealed = Page(locked.text).posting("/prove").fields["sealed"]
    with dee.clinic.open() as scope:
        assert (
            scope.connection.execute(select(tables.message.c.id).where(tables.message.c.clinician_id == dee.id)).all()
            == []
        )
    wrong = client.post("/prove", data={"csrf": csrf, "proof": "a wrong passphrase", "sealed": sealed})
    assert wrong.status_code == 401
    assert Page(wrong.text).posting("/prove").fields["sealed"] == sealed
    kept = client.post("/prove", data={"csrf": csrf, "proof": PASSWORD, "sealed": sealed})
    assert NOTE in kept.text
    form = Page(kept.text).posting(f"/patients/{ann.id}/messages")
    assert client.post(f"/patients/{ann.id}/messages", data=form.fields).status_code == 303
    assert is_in(client)
    assert ("session.proved", {"by": "password"}) in audited(dee)


def test_a_kept_form_is_good_in_its_own_session_alone(dee: Persona, ann: PatientPersona) -> None:
    one, other = enter(dee), enter(dee)
    csrf = token(one.get("/worklist").text)
    age(dee, SESSION_IDLE + timedelta(minutes=1), "seen_at")
    locked = one.post(f"/patients/{ann.id}/messages", data={"csrf": csrf, "body": NOTE})
    sealed = Page(locked.text).posting("/prove").fields["sealed"]
    there = token(other.get("/prove").text)
    for blob in (sealed, sealed[:-2] + "00", "zz"):
        answer = other.post("/prove", data={"csrf": there, "proof": PASSWORD, "sealed": blob})
        assert answer.status_code == 400
        assert NOTE not in answer.text


def test_a_proof_changes_the_cookie_and_leaves_open_forms_good(dee: Persona) -> None:
    client = enter(dee)
    csrf, before = (
        token(client.get("/account").text),
        client.get_cookie("session") or client.get_cookie("__Host-session"),
    )
    assert before is not None
    code = pyotp.TOTP(TOTP_SECRET).now()
    assert (
        client.post("/prove", data={"csrf": csrf, "proof": code, "next": "/account"}).headers["Location"] == "/account"
    )
    after = client.get_cookie("session") or client.get_cookie("__Host-session")
    assert after is not None
    assert before.value != after.value
    old = dee.clinic.app.test_client()
    old.set_cookie(before.key, before.value, secure=before.secure)
    assert not is_in(old)
    assert client.post("/account/sessions/end", data={"csrf": csrf}).status_code == 303
    again = client.post("/prove", data={"csrf": csrf, "proof": code})
    assert again.status_code == 401  # a code is good once


def test_what_opens_doors_asks_for_a_fresh_proof(dee: Persona) -> None:
    client = enter(dee)
    csrf = token(client.get("/account").text)
    age(dee, FRESH + timedelta(seconds=1), "proved_at")
    asked = client.post("/account/codes", data={"csrf": csrf})
    assert asked.status_code == 401
    assert "Is it still you" in asked.text
    form = Page(asked.text).posting("/prove").fields
    sent = Page(client.post("/prove", data={**form, "proof": PASSWORD}).text).posting("/account/codes")
    assert "not shown again" in client.post("/account/codes", data=sent.fields).text


@pytest.mark.parametrize("deed", ["", "/shut-out", "/let-in", "/link"])
def test_a_change_of_staff_asks_for_a_fresh_proof(deed: str, dee: Persona, ben: Persona) -> None:
    client = enter(dee)
    csrf = token(client.get("/account").text)
    age(dee, FRESH + timedelta(seconds=1), "proved_at")
    for path in ("/clinic/staff", f"/clinic/staff/{ben.id}{deed}"):
        asked = client.post(path, data={"csrf": csrf, "role": "nurse", "name": "T", "email": "t@clinic.example"})
        assert (asked.status_code, "/set-up/" in asked.text) == (401, False)
    assert [action for action, _ in audited(dee)] == ["signed_in"]


def test_a_password_that_is_set_anew_ends_every_session_and_token_of_before(dee: Persona, clinic: BuiltClinic) -> None:
    abe = make_clinician(clinic, email="abe@clinic.example", signs_in=True)
    stolen = enter(abe, email="abe@clinic.example")
    link = re.search(r"/set-up/[\w-]+", press(enter(dee), f"/clinic/staff/{abe.id}/link").text)
    assert link is not None
    client = clinic.app.test_client()
    fields = {"csrf": token(client.get(link[0]).text), "totp": pyotp.TOTP(TOTP_SECRET).now()}
    other = "another long made-up password"
    client.post(link[0], data={**fields, "password": other, "password_again": other})
    assert (is_in(client), is_in(stolen)) == (True, False)
    assert abe.get("/flags").status_code == 401


def test_guesses_at_the_proof_are_counted_with_those_at_the_door(dee: Persona) -> None:
    client = enter(dee)
    csrf = token(client.get("/account").text)
    for _ in range(12):
        assert client.post("/prove", data={"csrf": csrf, "proof": "guess"}).status_code == 401
    assert client.post("/prove", data={"csrf": csrf, "proof": PASSWORD}).status_code == 401


def test_without_a_form_token_nothing_of_this_is_done(dee: Persona) -> None:
    client = enter(dee)
    for path in ("/account/codes", "/account/sessions/end", "/account/passkeys", "/prove", "/passkey/options",
                 "/sign-in/passkey", "/session/alive"):  # fmt: skip
        assert client.post(path, data={"proof": PASSWORD}).status_code == 403, path
    assert is_in(client)


def test_a_passkey_answer_that_is_none_is_refused_without_a_word_of_why(dee: Persona) -> None:
    client = enter(dee)
    for answered in (
        "",
        "{}",
        "[]",
        '{"rawId": "x"}',
        "[" * 5000,
        '{"rawId":"AA","response":{"clientDataJSON":"e30"}}',
    ):
        for path in ("/sign-in/passkey", "/account/passkeys", "/prove"):
            answer = press(client, path, credential=answered or " ")
            assert answer.status_code in (401, 422), (path, answered)
    assert is_in(client)


def test_staff_of_any_role_have_an_account_and_no_patient(clinic: BuiltClinic) -> None:
    officer = make_clinician(clinic, "privacy_officer", email=EMAIL, signs_in=True)
    client = enter(officer)
    assert client.get("/account").status_code == 200
    assert client.get("/worklist").status_code == 403


def test_in_an_emergency_one_chart_opens_for_an_hour_and_everybody_can_see_why(
    clinic: BuiltClinic, ann: PatientPersona, dee: Persona, clock: ClockHand
) -> None:
    officer = make_clinician(clinic, "operator", email="op@clinic.example", signs_in=True)
    client, other = enter(officer, email="op@clinic.example"), make_patient(clinic, phone="+12125550149")
    chart = f"/patients/{ann.id}"
    assert client.get(chart).status_code == 403
    asked = {
        "family_name": "testerby",
        "born_on": "12 Mar 1948",
        "reason": "cover",
        "words": "nobody answers and she calls",
    }
    for wrong in ({"words": "short"}, {"reason": ""}, {"family_name": "Nobody"}, {"born_on": "03/04/1948"}):
        assert press(client, "/emergency", **{**asked, **wrong}).status_code == 422
    assert press(client, "/emergency", **asked).status_code == 422  # two have that name and birth date
    dee.patch(f"/patients/{other.id}", json={"family_name": "Otherwise"}, headers={"If-Match": "*"})
    opened = press(client, "/emergency", **asked)
    assert opened.headers["Location"] == chart
    assert "TESTERBY" in client.get(chart).text
    assert client.get(f"/patients/{other.id}").status_code == 403
    assert client.get("/worklist").status_code == 403
    csrf = token(client.get("/account").text)
    assert client.post(f"{chart}/messages", data={"csrf": csrf, "body": "x"}).status_code == 403
    assert asked["words"] in enter(dee).get("/emergency").text
    clock.forward(minutes=61)
    assert client.get(chart).status_code == 403
    assert [detail for action, detail in audited(officer) if action == "emergency_look.begun"] == [{"reason": "cover"}]
    assert "patient.viewed" in [action for action, _ in audited(officer)]
    age(officer, FRESH + timedelta(seconds=1), "proved_at")
    assert "Is it still you" in client.post("/emergency", data={"csrf": csrf, **asked}).text


def test_leads_alone_take_records_away_after_a_fresh_proof(
    ann: PatientPersona, dee: Persona, clinic: BuiltClinic
) -> None:
    client = enter(dee)
    table = press(client, "/export/study", source="/export")
    assert table.headers["Content-Disposition"] == "attachment; filename=study.csv"
    assert table.text.startswith('"episode","agreed_to_research"')
    record = press(client, "/export/record", patient=f"https://recovery.test/patients/{ann.id}")
    assert record.json["patient"]["given_name"] == "Annwyl"
    assert press(client, "/export/record", patient=str(new_id())).status_code == 404
    assert press(client, "/export/record", patient="Annwyl").status_code == 422
    csrf = token(client.get("/account").text)
    age(dee, FRESH + timedelta(seconds=1), "proved_at")
    for path in ("/export/study", "/export/record"):
        assert "Is it still you" in client.post(path, data={"csrf": csrf}).text
    make_clinician(clinic, "clinician", email="cl@clinic.example", signs_in=True)
    nurse = enter(dee, email="cl@clinic.example")
    assert press(nurse, "/export/study").status_code == 403
    assert [detail["as"] for action, detail in audited(dee) if action == "patient.exported"] == ["study", "record"]


def test_a_name_that_nobody_has_is_checked_at_the_cost_of_one_that_somebody_has() -> None:
    assert not sign_in._hasher.check_needs_rehash(sign_in._NOBODY)


@pytest.mark.parametrize(
    ("deed", "said"),
    [("", "Role"), ("/shut-out", "Shut out"), ("/link", "New set-up link")],
    ids=["role", "out", "link"],
)
def test_a_kept_change_of_staff_says_what_is_done_and_to_whom(
    dee: Persona, clinic: BuiltClinic, deed: str, said: str
) -> None:
    abe = make_clinician(clinic, email="abe@clinic.example")
    client = enter(dee)
    path = f"/clinic/staff/{abe.id}{deed}"
    fields = Page(client.get("/clinic/staff").text).posting(path).fields
    age(dee, FRESH + timedelta(seconds=1), "proved_at")
    sealed = Page(client.post(path, data=fields).text).posting("/prove").fields["sealed"]
    kept = client.post("/prove", data={"csrf": fields["csrf"], "proof": PASSWORD, "sealed": sealed})
    assert f"{said}: Made-up clinician" in Page(kept.text).text
    assert client.post(path, data=Page(kept.text).posting(path).fields).status_code in (200, 303)


def test_a_kept_form_shows_nothing_that_its_page_put_in() -> None:
    kept = KeptPage("/patients/1/check-ins", {"form_id": "0192", "note": "since the morning"})
    assert kept.shown == [("note", "since the morning")]
