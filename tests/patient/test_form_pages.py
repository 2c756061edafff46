"""The questionnaires behind a link, without scripts: what is asked, what is stored, and what a low mood calls for."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Row, select, update

from recovery_api.models import tables
from recovery_api.packs.questionnaire_pack import questionnaire_pack
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.text_check_in_link import make_link
from tests.builders import ClockHand, PatientPersona, Persona
from tests.patient.conftest import ADDRESS, YEAR, WebPhone

MONTH, WEEK = 25, 4  # days from Ann's fifth to her 30th and her 9th


class FormPhone(WebPhone):
    """A browser without scripts, at a form."""

    def tick(self, page: int, *items: int) -> str:
        """Tick sentences of one screen, and go on."""
        return self.press(f"rmdq-{page}", **{f"i_{item}": "on" for item in items})

    def press(self, step: str, said: str = "", **more: str) -> str:
        """Answer one screen, and go on."""
        return self.post(f"/c/form/{step}", csrf=self.token(), said=said, **more).text

    def token(self) -> str:
        """The form token of this session."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/c/form").text)
        return found[1] if found else ""

    def stored(self) -> list[Row[Any]]:
        """What was stored of the patient."""
        with self.patient.clinic.open() as scope:
            table = tables.questionnaire
            mine = table.c.episode_id == self.patient.episode_id
            return list(scope.connection.execute(select(table).where(mine).order_by(table.c.id)).all())


def form_phone(app: Flask, patient: PatientPersona, asks: str = "form", language: str = "en") -> FormPhone:
    with patient.clinic.open() as scope:
        now = patient.clinic.wiring.clock.now()
        link = make_link(scope, patient.id, patient.episode_id, language, ADDRESS, now, asks)
    return FormPhone(patient, app.test_client(), link.removeprefix(ADDRESS))


@pytest.fixture
def monthly(app: Flask, database: Connection, ann: PatientPersona, clock: ClockHand) -> FormPhone:
    """Ann's phone a month after the procedure, when both kinds are due."""
    clock.forward(days=MONTH)
    return form_phone(app, ann)


@pytest.fixture
def weekly(app: Flask, database: Connection, ann: PatientPersona, clock: ClockHand) -> FormPhone:
    """Ann's phone a week after the procedure, when her mood alone is asked for."""
    clock.forward(days=WEEK)
    return form_phone(app, ann)


def test_a_patient_fills_in_both_questionnaires_and_each_is_stored_once(monthly: FormPhone) -> None:
    assert "Your form" in monthly.get(monthly.link).text
    page = monthly.open().text
    assert "Page 1 of 8" in page
    assert "I stay at home most of the time because of my back." in page
    assert "Page 2 of 8" in monthly.tick(1, 0, 3)
    assert 'name="i_3" checked' in monthly.get("/c/form/rmdq-1").text, "what was ticked may be changed"
    monthly.tick(1, 0)
    monthly.tick(2, 7)
    for page_number in (3, 4, 5):
        monthly.tick(page_number)
    assert monthly.stored() == []
    assert "Little interest or pleasure" in monthly.tick(6, 23)
    assert "Feeling down" in monthly.press("phq2-1", "1")
    assert "Thank you. We have your form." in monthly.press("phq2-2", "0")
    back, mood = monthly.stored()
    assert (back.instrument, back.score, back.day, back.channel, back.answered_by) == ("rmdq", 3, 30, "web", "patient")
    assert [item for item, point in enumerate(back.answers) if point] == [0, 7, 23]
    assert (mood.instrument, mood.answers, mood.score, mood.channel) == ("phq2", [1, 0], 1, "web")
    monthly.tick(6, 21)
    assert "Thank you" in monthly.press("phq2-2", "3")
    assert len(monthly.stored()) == 2, "what was stored is not changed any more"


def test_a_low_mood_is_put_before_a_person_and_safety_is_asked_for(weekly: FormPhone, ben: Persona) -> None:
    assert "Page 1 of 2" in weekly.open().text
    weekly.press("phq2-1", "2")
    assert "thoughts of hurting yourself" in weekly.press("phq2-2", "1")
    assert [(one["tier"], one["rule"]) for one in ben.get("/flags").json["items"]] == [("review", "WX-01")]
    page = weekly.press("safety", "no")
    assert "A nurse will read them and call you" in page
    assert 'href="tel:988"' in page
    assert len(ben.get("/flags").json["items"]) == 1


def test_thoughts_of_harm_are_an_emergency_at_once(weekly: FormPhone, ben: Persona) -> None:
    weekly.open()
    weekly.press("phq2-1", "3")
    weekly.press("phq2-2", "3")
    for _ in range(2):
        page = weekly.press("safety", "yes")
        assert "Call 911 now" in page
        assert 'href="tel:988"' in page
    found = {(one["tier"], one["rule"]) for one in ben.get("/flags").json["items"]}
    assert found == {("emergency", "RF-K"), ("review", "WX-01")}
    [row] = weekly.check_ins()
    assert (row.symptoms, row.channel, row.answered_by) == (["self_harm"], "web", "patient")


def test_safety_must_be_answered_and_is_not_asked_of_who_feels_well(weekly: FormPhone) -> None:
    weekly.open()
    weekly.press("phq2-1", "1")
    assert "Thank you. We have your form." in weekly.press("phq2-2", "1")
    assert "thoughts of hurting yourself" not in weekly.get("/c/form/safety").text
    assert weekly.check_ins() == []


@pytest.mark.parametrize(("step", "said"), [("phq2-1", ""), ("phq2-1", "4"), ("phq2-1", "two")])
def test_what_is_no_answer_is_said_on_the_same_screen(weekly: FormPhone, step: str, said: str) -> None:
    weekly.open()
    answer = weekly.post(f"/c/form/{step}", csrf=weekly.token(), said=said)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert weekly.post("/c/form/made-up", csrf=weekly.token(), said="1").status_code == 404


def test_spanish_to_the_end(app: Flask, ann: PatientPersona, clock: ClockHand) -> None:
    clock.forward(days=WEEK)
    phone = form_phone(app, ann, language="es")
    phone.post(phone.link, year=YEAR, lang="es")
    assert "Casi todos los d" in phone.get("/c/form").text
    phone.press("phq2-1", "2")
    assert "hacerse da" in phone.press("phq2-2", "2")
    page = phone.press("safety", "yes")
    assert '<html lang="es">' in page
    assert "Llame al 911 ahora" in page
    assert "988" in page
    english = phone.post("/c/form/language", csrf=phone.token() or csrf_of(page), lang="en", step="")
    assert "Call 911 now" in english.text


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    return found[1] if found else ""


def test_where_nothing_is_due_the_page_says_so(app: Flask, ann: PatientPersona) -> None:
    phone = form_phone(app, ann)
    assert "You have no form to fill in today" in phone.open().text
    assert phone.stored() == []


def test_a_check_in_leads_on_to_a_form_that_waits(app: Flask, ann: PatientPersona, clock: ClockHand) -> None:
    clock.forward(days=WEEK)
    phone = WebPhone(ann, app.test_client(), form_phone(app, ann, asks="check_in").link)
    phone.open()
    phone.answer_all()
    assert 'href="/c/form"' in phone.send().text
    assert "Little interest" in phone.get("/c/form").text


def test_a_session_of_a_form_is_its_own_patients_and_forms_of_others_are_refused(weekly: FormPhone, app: Flask) -> None:
    assert weekly.get("/c/form").status_code == 410
    assert weekly.post("/c/form/phq2-1", csrf="x", said="1").status_code == 410
    weekly.open()
    assert weekly.post("/c/form/phq2-1", csrf="x", said="1").status_code == 403
    assert weekly.stored() == []


def test_answers_lie_sealed_until_an_instrument_is_whole(weekly: FormPhone) -> None:
    weekly.open()
    weekly.press("phq2-1", "3")
    with weekly.patient.clinic.open() as scope:
        [sealed] = scope.connection.execute(select(tables.web_check_in.c.form_sealed)).scalars().all()
    assert b"phq2" not in bytes(sealed)


def due_texts(patient: PatientPersona, clock: ClockHand, days: int, public_url: str = ADDRESS) -> list[str]:
    """The texts about a form, so many days ahead at its hour, once the question of that day is out of the way."""
    message = tables.message
    clock.forward(days=days)
    for hours in (0, 6):
        clock.forward(hours=hours)
        with patient.clinic.open() as scope:
            scope.connection.execute(update(message).where(message.c.state == "planned").values(state="expired"))
        with patient.clinic.app.app_context():
            hand_over_due("tests:0:0", patient.clinic.wiring.vaults, clock.now, public_url=public_url)
    with patient.clinic.open() as scope:
        chosen = select(message).where(message.c.text_key.startswith("questionnaire_"))
        return [scope.open("message.body", row.id, row.body_sealed) or "" for row in scope.connection.execute(chosen)]


def test_the_text_has_a_link_that_opens_the_form(ann: PatientPersona, clock: ClockHand, app: Flask) -> None:
    [body] = due_texts(ann, clock, WEEK)
    found = re.search(rf"{ADDRESS}(/c/[a-z2-7]{{26}})$", body)
    assert found
    phone = FormPhone(ann, app.test_client(), found[1])
    assert "Little interest" in phone.open().text


def test_without_a_public_address_the_text_asks_to_call(ann: PatientPersona, clock: ClockHand) -> None:
    [body] = due_texts(ann, clock, WEEK, "")
    assert "call +12125550199" in body


def test_who_has_filled_it_in_is_not_asked_again(ann: PatientPersona, clock: ClockHand) -> None:
    clock.forward(days=WEEK, hours=-1)
    said = {"client_id": str(ann.id), "instrument": "phq2", "score": 0, "recorded_at": clock.now.isoformat()}
    assert ann.post("/me/questionnaires", json=said).status_code == 201
    clock.forward(hours=1)
    assert due_texts(ann, clock, 0) == []
    with ann.clinic.open() as scope:
        reminder = tables.reminder
        skipped = select(reminder.c.why).where(reminder.c.kind == "questionnaire", reminder.c.state == "skipped")
        assert scope.connection.execute(skipped).scalars().all() == ["needless"]


def test_every_sentence_is_on_exactly_one_screen_in_both_languages(monthly: FormPhone) -> None:
    monthly.open()
    for language in ("en", "es"):
        monthly.post("/c/form/language", csrf=monthly.token(), lang=language, step="rmdq-1")
        pages = [monthly.get(f"/c/form/rmdq-{number}").text for number in range(1, 7)]
        for sentence in questionnaire_pack()[language]["rmdq"].items:
            shown = sentence.replace("'", "&#39;")
            assert sum(f"<span>{shown}</span>" in page for page in pages) == 1


def test_the_recovery_that_ended_meanwhile_takes_no_form(weekly: FormPhone) -> None:
    weekly.open()
    with weekly.patient.clinic.open() as scope:
        episode = tables.episode
        mine = episode.c.id == weekly.patient.episode_id
        scope.connection.execute(update(episode).where(mine).values(status="ended"))
    assert "You have no form to fill in today" in weekly.get("/c/form").text
