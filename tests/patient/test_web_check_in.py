"""The web check-in without scripts: what a link opens, for whom and how often, and what becomes of the answers."""

import gzip
import html
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.models import tables
from recovery_api.patient.words import WORDS, say_numbers
from recovery_api.services.credentials import digest_of
from tests.builders import ClockHand, PatientPersona, Persona, make_patient
from tests.patient.conftest import SESSION, YEAR, WebPhone, new_link

STATIC = Path("recovery_api/patient/static")


def said(page: str) -> str:
    return html.unescape(page)


def test_a_patient_answers_four_questions_and_one_check_in_is_recorded(phone: WebPhone) -> None:
    assert "What year were you born?" in phone.get(phone.link).text
    assert "How bad is your back pain now?" in phone.open().text
    assert "What did you do today?" in phone.answer("pain", "4").text
    assert "How many pain pills" in phone.answer("activity", "short_walks").text
    assert "Is anything new or wrong?" in phone.answer("pills", "2").text
    assert "Is this right?" in phone.answer("new", "no").text
    assert phone.check_ins() == []
    assert "Thank you. We have your answers." in phone.send().text
    [row] = phone.check_ins()
    assert (row.channel, row.answered_by, row.pain, row.activity_level, row.pills_total) == (
        "web", "patient", 4, "short_walks", 2,
    )  # fmt: skip
    assert row.symptoms == []


def test_it_is_judged_like_every_other_check_in(phone: WebPhone, ben: Persona) -> None:
    phone.open()
    phone.answer_all()
    phone.answer("new", "yes")
    page = phone.answer("symptoms", s_fever="1")
    assert "A nurse will call you" in page.text
    [flag] = ben.get("/flags").json["items"]
    assert (flag["family"], flag["tier"]) == ("red_flag", "urgent")


def test_a_danger_is_sent_at_once_and_shows_whom_to_call(phone: WebPhone) -> None:
    phone.open()
    phone.answer("new", "yes")
    page = phone.answer("symptoms", s_leg_weakness="1").text
    assert "Call 911 now" in page
    assert 'href="tel:911"' in page.split("<footer>")[0]
    [row] = phone.check_ins()
    assert row.symptoms == ["leg_weakness"]
    assert "Call 911 now" in phone.get("/c/q").text


@pytest.mark.parametrize("code", sorted(SYMPTOM_TIERS))
def test_every_danger_of_the_list_calls_for_a_person(phone: WebPhone, code: str) -> None:
    phone.open()
    page = phone.answer("symptoms", **{f"s_{code}": "1"}).text
    assert "tel:" in page.split("<footer>")[0].split("advice")[1]


def test_looking_at_a_link_spends_nothing(phone: WebPhone, app: Flask) -> None:
    preview = app.test_client()
    for _ in range(30):
        assert preview.get(phone.link, base_url="https://recovery.test").status_code == 200
        preview.head(phone.link, base_url="https://recovery.test")
    assert "How bad is your back pain now?" in phone.open().text


def test_the_page_of_a_link_names_nobody(phone: WebPhone) -> None:
    page = phone.get(phone.link)
    assert "Annwyl" not in page.text
    assert "Testerby" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_link_opens_once(phone: WebPhone, app: Flask) -> None:
    phone.open()
    stranger = WebPhone(phone.patient, app.test_client(), phone.link)
    assert stranger.open().status_code == 410
    assert stranger.get(phone.link).status_code == 410
    assert "How bad is your back pain now?" in phone.get(phone.link).text, "its own session goes on"


def test_a_wrong_year_opens_nothing_and_five_of_them_end_the_link(phone: WebPhone) -> None:
    for left in (4, 3, 2, 1):
        page = phone.open("1950")
        assert page.status_code == 422
        assert f"{left} more time" in page.text
    assert phone.open("1950").status_code == 410
    assert phone.open(YEAR).status_code == 410
    assert phone.client.get_cookie(SESSION, "recovery.test") is None


def test_what_is_no_year_costs_no_try(phone: WebPhone) -> None:
    for nonsense in ("", "48", "19488", "１９４８", "abcd"):
        assert phone.open(nonsense).status_code == 422
    assert phone.open().status_code == 200


def test_a_link_that_is_a_day_old_opens_nothing(phone: WebPhone) -> None:
    with phone.patient.clinic.open() as scope:
        credential = tables.credential
        mine = credential.c.digest == digest_of(phone.link.rpartition("/")[2])
        made = scope.connection.execute(select(credential.c.seen_at, credential.c.expires_at).where(mine)).one()
        assert made.expires_at - made.seen_at == timedelta(hours=20)
        scope.connection.execute(update(credential).where(mine).values(expires_at=made.seen_at))
    assert phone.get(phone.link).status_code == 410
    assert phone.open().status_code == 410


def test_unknown_used_and_locked_links_look_alike(phone: WebPhone, app: Flask) -> None:
    used = WebPhone(phone.patient, app.test_client(), new_link(phone.patient))
    used.open()
    for _ in range(5):
        phone.open("1950")
    fresh = WebPhone(phone.patient, app.test_client(), "/c/" + "a" * 26)
    pages = [fresh.get(link) for link in (fresh.link, phone.link, used.link, "/c/%00", "/c/q" + "x" * 400)]
    assert {page.status_code for page in pages} == {410}
    assert len({page.data for page in pages}) == 1


def test_sending_twice_is_one_check_in(phone: WebPhone, clock: ClockHand) -> None:
    phone.open()
    phone.answer_all()
    token = phone.token()
    first = phone.post("/c/q/send", csrf=token)
    clock.forward(minutes=3)
    again = phone.post("/c/q/send", csrf=token)
    late = phone.post("/c/q/pain", csrf=token, said="9")
    assert first.text == again.text == late.text
    [row] = phone.check_ins()
    assert row.pain == 4


def test_a_session_reaches_its_own_check_in_alone(phone: WebPhone, app: Flask) -> None:
    other = make_patient(phone.patient.clinic, phone="+12125550142", given_name="Berwyn")
    mine, theirs = phone, WebPhone(other, app.test_client(), new_link(other))
    mine.open()
    theirs.open()
    stolen = mine.token()
    assert theirs.post("/c/q/pain", csrf=stolen, said="3").status_code == 403
    theirs.answer_all()
    theirs.send()
    assert mine.check_ins() == []
    assert len(theirs.check_ins()) == 1
    fresh = WebPhone(phone.patient, theirs.client, new_link(phone.patient))
    assert "What year were you born?" in fresh.get(fresh.link).text, "a session opens no other link"
    assert theirs.get(mine.link).status_code == 410, "nor one that somebody else spent"


def test_the_session_is_no_token_of_the_api_and_no_log_in_of_staff(phone: WebPhone) -> None:
    phone.open()
    cookie = phone.client.get_cookie(SESSION, "recovery.test")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.secure
    secret = cookie.value
    for prefix in ("", "rta_"):
        refused = phone.client.get("/api/v1/me", headers={"Authorization": f"Bearer {prefix}{secret}"})
        assert refused.status_code == 401
    assert phone.client.get("/worklist", base_url="https://recovery.test").status_code == 303
    assert phone.get("/c/" + secret).status_code == 410


def test_without_a_session_there_is_nothing_to_answer(phone: WebPhone) -> None:
    assert phone.get("/c/q").status_code == 410
    assert phone.get("/c/q/pain").status_code == 410
    assert phone.post("/c/q/send", csrf="x").status_code == 410
    form = {"base_url": "https://recovery.test", "data": {"year": YEAR}}
    assert phone.client.post(phone.link, headers={"Sec-Fetch-Site": "cross-site"}, **form).status_code == 403


def test_a_session_ends_after_half_an_hour(phone: WebPhone) -> None:
    phone.open()
    with phone.patient.clinic.open() as scope:
        credential = tables.credential
        mine = credential.c.kind == "web_session"
        made = scope.connection.execute(select(credential.c.seen_at, credential.c.expires_at).where(mine)).one()
        assert made.expires_at - made.seen_at == timedelta(minutes=30)
        scope.connection.execute(update(credential).where(mine).values(expires_at=made.seen_at))
    assert phone.get("/c/q").status_code == 410


def test_who_goes_back_changes_one_answer_and_keeps_the_rest(phone: WebPhone) -> None:
    phone.open()
    phone.answer_all()
    assert 'value="4" aria-current="true"' in phone.get("/c/q/pain").text
    page = phone.answer("pain", "10")
    assert "Is this right?" in page.text
    assert "Short walks" in page.text
    phone.send()
    assert phone.check_ins()[0].pain == 10


@pytest.mark.parametrize(
    ("step", "answer"),
    [("pain", "11"), ("pain", "-1"), ("pain", "4.5"), ("pills", "101"), ("pills", "two"), ("activity", "ran"),
     ("new", "perhaps"), ("symptoms", ""), ("symptoms", "maybe")],
)  # fmt: skip
def test_what_is_no_answer_is_said_on_the_same_screen(phone: WebPhone, step: str, answer: str) -> None:
    phone.open()
    page = phone.answer(step, answer)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert phone.get("/c/q").request.path == "/c/q/pain"


def test_no_answer_at_all_is_not_sent(phone: WebPhone) -> None:
    phone.open()
    assert phone.send().status_code == 422
    assert phone.check_ins() == []


def test_spanish_from_the_link_to_the_advice(phone: WebPhone, app: Flask) -> None:
    spanish = WebPhone(phone.patient, app.test_client(), new_link(phone.patient, "es"))
    assert "¿En qué año nació usted?" in said(spanish.get(spanish.link).text)
    spanish.post(spanish.link, year=YEAR, lang="es")
    page = spanish.answer("symptoms", s_breathing="1")
    assert '<html lang="es">' in page.text
    assert "Llame al 911 ahora" in page.text
    assert "Call" not in page.text


def test_the_language_can_be_changed_on_the_way(phone: WebPhone) -> None:
    assert "¿En qué año nació usted?" in said(phone.get(f"{phone.link}?lang=es").text)
    phone.open()
    page = phone.post("/c/q/language", csrf=phone.token(), lang="es", step="pills")
    assert "pastillas" in page.text
    page = phone.answer("symptoms", s_fever="1")
    assert "Una enfermera le va a llamar" in page.text
    [row] = phone.check_ins()
    with phone.patient.clinic.open() as scope:
        assert "enfermera" in str(scope.open("check_in.advice", row.id, row.advice_sealed))


def test_the_numbers_in_an_answer_are_written_as_they_are_read_aloud() -> None:
    said = "Call +12125550199 or 911. Code 12125550199, +442071234567."
    assert say_numbers(said) == "Call (212) 555-0199 or 911. Code 12125550199, +442071234567."


def test_both_languages_say_the_same_things() -> None:
    assert WORDS["en"].keys() == WORDS["es"].keys()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_fits_into_six_kilobytes_with_its_style_and_scripts(phone: WebPhone, language: str) -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in STATIC.iterdir()}
    common = sizes["check_in.css"] + sizes["check_in.js"]
    phone.open()
    phone.post("/c/q/language", csrf=phone.token(), lang=language, step="pain")
    pages = [phone.get(f"/c/q/{step}").data for step in ("pain", "activity", "pills", "new", "symptoms")]
    assert max(len(gzip.compress(page)) for page in pages) + common + sizes["open.js"] < 6 * 1024
    assert len(gzip.compress(phone.get(f"/c/app/{language}").data)) + common < 6 * 1024


def test_who_has_left_or_ended_the_recovery_opens_nothing(phone: WebPhone) -> None:
    with phone.patient.clinic.open() as scope:
        patient = tables.patient
        scope.connection.execute(update(patient).where(patient.c.id == phone.patient.id).values(status="left"))
    assert phone.open().status_code == 410


def test_answers_lie_sealed_until_they_are_sent(phone: WebPhone, ann: PatientPersona) -> None:
    phone.open()
    phone.answer("pain", "7")
    with ann.clinic.open() as scope:
        [row] = scope.connection.execute(select(tables.web_check_in)).all()
        assert b"pain" not in bytes(row.answers_sealed)
    phone.answer_all()
    phone.send()
    with ann.clinic.open() as scope:
        [row] = scope.connection.execute(select(tables.web_check_in)).all()
        assert row.answers_sealed is None
