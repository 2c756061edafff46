"""Answers that a browser kept without a network: taken once, write-only, with the time at which they were given."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from recovery_api.models import tables
from recovery_api.patient.words import WORDS
from recovery_api.services.credentials import digest_of
from tests.builders import ClockHand, PatientPersona, Persona
from tests.patient.conftest import ADDRESS, SESSION, WebPhone


def kit_of(phone: WebPhone) -> dict[str, Any]:
    phone.open()
    return dict(phone.get("/c/q/kit").json)


def later(phone: WebPhone, token: str, at: datetime, **form: str) -> Any:
    """What a phone sends: no cookie, the secret of one check-in, and the answers."""
    sent = {"token": token, "at": at.isoformat(), "lang": "en", **form}
    return phone.patient.clinic.app.test_client(use_cookies=False).post("/c/later", base_url=ADDRESS, data=sent)


def test_answers_sent_twice_arrive_once_with_the_time_they_were_given(phone: WebPhone, clock: ClockHand) -> None:
    kit, at = kit_of(phone), clock.now - timedelta(hours=3)
    calm = {"pain": "4", "activity": "short_walks", "pills": "", "new": "no"}
    answers = [later(phone, kit["token"], at, **calm) for _ in range(3)]
    assert [one.status_code for one in answers] == [200] * 3
    assert answers[0].json == answers[2].json
    [row] = phone.check_ins()
    assert (row.channel, row.pain, row.activity_level, row.pills_total, row.symptoms) == (
        "web", 4, "short_walks", None, [],
    )  # fmt: skip
    assert row.recorded_at == at
    assert "Thank you" in phone.get("/c/q").text, "the plain page knows of it"


def test_a_danger_that_waited_says_how_late_it_is_and_whom_to_call(
    phone: WebPhone, ben: Persona, clock: ClockHand
) -> None:
    kit = kit_of(phone)
    answer = later(phone, kit["token"], clock.now - timedelta(hours=9), s_leg_weakness="1")
    assert (answer.json["tier"], answer.json["phone"]) == ("emergency", "911")
    [flag] = ben.get("/flags").json["items"]
    assert flag["reason"].endswith("(came 9 hours late)")


def test_the_plain_page_and_the_phone_make_one_check_in(phone: WebPhone, clock: ClockHand) -> None:
    kit = kit_of(phone)
    phone.answer_all()
    phone.send()
    assert later(phone, kit["token"], clock.now, pain="9").json["tier"] is None
    [row] = phone.check_ins()
    assert row.pain == 4


def test_the_secret_of_the_phone_reads_nothing(phone: WebPhone, clock: ClockHand) -> None:
    kit = kit_of(phone)
    phone.answer("pain", "7")
    stranger = WebPhone(phone.patient, phone.patient.clinic.app.test_client(), phone.link)
    for path in ("/c/q", "/c/q/summary", "/c/q/kit"):
        stranger.client.set_cookie(SESSION, kit["token"], domain="recovery.test")
        assert stranger.client.get(path, base_url=ADDRESS).status_code in (303, 410)
        assert stranger.get(path).status_code == 410
    assert Persona(phone.patient.clinic, phone.patient.id, kit["token"]).get("/me").status_code == 401


def test_it_lives_for_a_week_and_lies_in_the_database_as_a_digest(phone: WebPhone, ann: PatientPersona) -> None:
    kit, credential = kit_of(phone), tables.credential
    with ann.clinic.open() as scope:
        mine = credential.c.digest == digest_of(kit["token"])
        row = scope.connection.execute(select(credential).where(mine)).one()
        assert row.expires_at - row.seen_at == timedelta(days=7)
        assert kit["token"] not in str(scope.connection.execute(select(credential)).all())
        scope.connection.execute(update(credential).where(mine).values(expires_at=row.seen_at))
    assert later(phone, kit["token"], row.seen_at, pain="4").status_code == 410
    assert phone.check_ins() == []


@pytest.mark.parametrize(
    "form",
    [{}, {"pain": "11"}, {"pain": "x"}, {"activity": "flying"}, {"s_made_up": "1"}, {"pain": "4", "at": "yesterday"},
     {"pain": "4", "at": "2026-11-20T10:00:00"}, {"pain": "4", "at": "0001-01-01T00:00:00+00:00"}],
    ids=str,
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_refused(phone: WebPhone, clock: ClockHand, form: dict[str, str]) -> None:
    kit = kit_of(phone)
    sent = {"token": kit["token"], "at": clock.now.isoformat(), **form}
    assert phone.client.post("/c/later", base_url=ADDRESS, data=sent).status_code == 422
    assert phone.check_ins() == []


def test_another_site_sends_nothing(phone: WebPhone, clock: ClockHand) -> None:
    kit = kit_of(phone)
    sent = {"token": kit["token"], "at": clock.now.isoformat(), "pain": "4"}
    answer = phone.client.post("/c/later", base_url=ADDRESS, data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_without_a_session_there_is_no_kit(phone: WebPhone) -> None:
    assert phone.client.get("/c/q/kit", base_url=ADDRESS).status_code == 410


@pytest.mark.parametrize("language", sorted(WORDS))
def test_the_page_that_is_kept_is_the_same_for_everybody(phone: WebPhone, language: str) -> None:
    before = phone.client.get(f"/c/app/{language}", base_url=ADDRESS)
    phone.open()
    after = phone.client.get(f"/c/app/{language}", base_url=ADDRESS)
    assert before.data == after.data
    for word in ("Annwyl", "Testerby", "Harbour Clinic", "2125550199", "csrf", "token"):
        assert word not in after.text
    assert "script-src 'self'" in after.headers["Content-Security-Policy"]


def test_it_can_be_put_on_a_home_screen(phone: WebPhone) -> None:
    answer = phone.client.get("/c/app/es.webmanifest", base_url=ADDRESS)
    manifest = json.loads(answer.data)
    assert answer.mimetype == "application/manifest+json"
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/c/app/es", "/c/", "standalone")
    for path, media_type in ((manifest["icons"][0]["src"], "image/svg+xml"), ("/c/worker.js", "text/javascript")):
        with phone.client.get(path, base_url=ADDRESS) as file:
            assert (file.status_code, file.mimetype) == (200, media_type)
    assert phone.client.get("/c/app/fr", base_url=ADDRESS).status_code == 404
