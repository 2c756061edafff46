"""The plain pages on the procedure: in both languages, linked from the check-in, and saying what to report."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from recovery_api.domain.text_lint import reading_grade
from recovery_api.packs.about_pack import TOPICS, about_pack
from tests.builders import PatientPersona
from tests.patient.conftest import WebPhone


@pytest.fixture
def browser(app: Flask, database: Connection, ann: PatientPersona) -> FlaskClient:
    """A browser of anybody."""
    return app.test_client()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("topic", TOPICS)
def test_each_page_is_there_for_everybody_in_both_languages(browser: FlaskClient, language: str, topic: str) -> None:
    answer = browser.get(f"/about/{language}/{topic}")
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert about_pack()[language].titles[topic] in answer.text
    for other in TOPICS:
        assert f"/about/{language}/{other}" in answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_page_of_risks_says_what_to_report_and_whom_to_call(browser: FlaskClient) -> None:
    for language, words in (
        ("en", ("Infection", "Bleeding", "Cement leak", "new broken bone")),
        ("es", ("Infección", "Sangrado", "Fuga de cemento", "Otro hueso")),
    ):
        page = browser.get(f"/about/{language}/risks").text
        assert [word for word in words if word not in page] == []
        assert "911" in page


def test_an_address_without_a_language_goes_where_the_browser_asks_and_others_are_refused(
    browser: FlaskClient,
) -> None:
    answer = browser.get("/about", headers={"Accept-Language": "es-MX,es;q=0.9"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/about/es")
    assert [browser.get(f"/about/{path}").status_code for path in ("fr", "en/money")] == [404, 404]


def test_the_check_in_points_to_them(phone: WebPhone) -> None:
    assert "/about/en/risks" in phone.get(phone.link).text
    assert "/about/en/risks" in phone.open().text


def test_the_english_pages_read_as_easily_as_the_texts() -> None:
    for topic in TOPICS:
        lines = [line for part in about_pack()["en"].parts[topic] for line in part.lines]
        assert reading_grade(" ".join(lines)) <= 6, topic
