"""The pages of the clinic's texts: every text with its cost, and two people who change one."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from recovery_api.models import tables
from recovery_api.packs.texts import message_pack
from recovery_api.services.credentials import issue
from tests.builders import BuiltClinic, Persona, make_clinician
from tests.clinic.made_up_pages import a_text
from tests.clinic.page_reader import shown

OWN = "Got it: {n}. Wrong? Text FIX and the right number."
Browser = Callable[[Persona], FlaskClient]


@pytest.fixture
def browser() -> Browser:
    def signed_in(persona: Persona) -> FlaskClient:
        with persona.clinic.open() as scope:
            secret = issue(scope.connection, "session", persona.clinic.id, persona.id)
        client = persona.clinic.app.test_client()
        client.set_cookie("__Host-session", secret)
        client.set_cookie("session", secret)
        return client

    return signed_in


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    page = client.get("/texts").text
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return client.post(path, data={"csrf": found[1], **fields})


def waiting_id(client: FlaskClient) -> str:
    found = re.search(r"/texts/wordings/([0-9a-f-]{36})/", client.get("/texts/saved/en").text)
    assert found is not None
    return found[1]


def test_every_text_stands_on_the_page_in_both_languages_with_its_cost(ben: Persona, browser: Browser) -> None:
    page = browser(ben).get("/texts").text
    pack = message_pack()
    for language in pack.languages:
        for key in pack.keys(language):
            assert f'href="/texts/{key}/{language}"' in page
    assert len(re.findall(r"1 segment, \d+ characters", page)) == sum(len(pack.keys(one)) for one in pack.languages)
    assert "All in the shipped words." in page


def test_a_lead_proposes_and_somebody_else_signs(clinic: BuiltClinic, ben: Persona, browser: Browser) -> None:
    lead, clinician = browser(make_clinician(clinic, "lead")), browser(ben)
    assert post(lead, "/texts/saved/en", body=OWN).status_code == 303
    own_page = lead.get("/texts/saved/en").text
    assert "Somebody else has to sign." in own_page
    assert "/sign" not in re.findall(r'action="([^"]+)"', own_page)
    wording_id = waiting_id(clinician)
    assert post(lead, f"/texts/wordings/{wording_id}/sign").status_code == 403
    assert post(clinician, f"/texts/wordings/{wording_id}/sign").status_code == 303
    page = clinician.get("/texts/saved/en").text
    assert "In use: your own words" in page
    assert "Got it: 10. Wrong?" in page
    assert "1 in your own words." in clinician.get("/texts").text


def test_words_that_cannot_be_sent_come_back_with_every_reason(clinic: BuiltClinic, browser: Browser) -> None:
    refused = post(browser(make_clinician(clinic, "lead")), "/texts/saved/en", body="Saved. Right? Reply YES.")
    assert refused.status_code == 422
    for reason in ("Lost {n}", "Uses YES as an answer", "Lost the answer FIX"):
        assert reason in refused.text
    assert "Saved. Right? Reply YES.</textarea>" in refused.text


def test_a_nurse_reads_and_changes_nothing_and_other_clinics_are_not_there(
    clinic: BuiltClinic, cleo: Persona, browser: Browser
) -> None:
    nurse, lead = browser(make_clinician(clinic, "nurse")), browser(make_clinician(clinic, "lead"))
    assert "A lead may propose other words here." in nurse.get("/texts/saved/en").text
    assert post(nurse, "/texts/saved/en", body=OWN).status_code == 403
    post(lead, "/texts/saved/en", body=OWN)
    wording_id = waiting_id(lead)
    assert post(nurse, f"/texts/wordings/{wording_id}/sign").status_code == 403
    assert post(browser(cleo), f"/texts/wordings/{wording_id}/sign").status_code == 404
    assert post(lead, f"/texts/wordings/{wording_id}/refuse").status_code == 303
    assert "turned down by" in nurse.get("/texts/saved/en").text


def test_a_text_or_language_that_is_not_there_is_not_found(ben: Persona, browser: Browser) -> None:
    for path in ("/texts/saved/xx", "/texts/nonsense/en"):
        assert browser(ben).get(path).status_code == 404


def test_without_a_form_token_nothing_is_proposed(clinic: BuiltClinic, browser: Browser) -> None:
    client = browser(make_clinician(clinic, "lead"))
    assert client.post("/texts/saved/en", data={"body": OWN}).status_code == 403


def test_who_may_sign_sees_the_button_and_others_do_not() -> None:
    assert shown("clinic/text.html", a_text()).posting("/texts/wordings/wording-waiting/sign")
    assert "/sign" not in {form.action[-5:] for form in shown("clinic/text.html", a_text(may_sign=False)).forms}
    settled = a_text(history=())
    assert shown("clinic/text.html", settled).posting("/texts/saved/en").fields.keys() >= {"csrf", "body"}


def test_a_preview_says_days_and_hours_as_its_language_does(ben: Persona, browser: Browser) -> None:
    client = browser(ben)
    for page in ("/texts", "/clinic/protocol"):
        text = client.get(page).text
        assert "Your visit is Wed Sep 30 at 10:30 AM." in text
        assert "Do not drive before Wed Sep 30." in text
    assert "Su cita es el miércoles 30 de septiembre a las 10:30 AM." in client.get("/texts").text
    assert "Do not eat after 10:30 PM unless" in client.get("/texts/prepare_fasting/en").text


def test_what_a_text_costs_is_counted_with_the_clinics_own_name(
    clinic: BuiltClinic, ben: Persona, browser: Browser
) -> None:
    def cost() -> str:
        found = re.search(r"(\d segments?), \d+ characters, ([\w-]+)", browser(ben).get("/texts/help/en").text)
        assert found is not None
        return f"{found[1]} {found[2]}"

    assert cost() == "1 segment GSM-7"
    with clinic.open() as scope:
        scope.connection.execute(update(tables.clinic).values(name="Clínica de la Columna de San Martín de los Ríos"))
    assert cost() == "3 segments UCS-2"
