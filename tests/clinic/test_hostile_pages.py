"""Names, texts, notes and searches full of markup stay text on every page that the map of the application knows."""

from html.parser import HTMLParser

import pytest
from flask import Flask
from sqlalchemy import Connection

from tests.builders import ClockHand, PatientPersona, make_clinic, make_clinician, make_patient
from tests.clinic.every_page import all_has_happened, views
from tests.clinic.visitor import Visitor
from tests.services.phone import Phone

MARKUP = """</title></script></textarea><x-evil onclick="hit()">"'` onmouseover="hit()" x='"""
WORDS = f"{MARKUP} %s %(by)s {{reason}} {{{{ 7 * 7 }}}} \u202e\u2066drowssap\u200f\u2069 my legs feel weak"
BONES = "\U0001f9b4" * 1600


class Markup(HTMLParser):
    """What a browser would run, open or be led astray by; and all that a reader sees."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        scripts = tag == "script" and not known.get("src", "").startswith("/static/")
        led = known.get("href", "").split(":")[0].strip().lower() not in ("tel", "otpauth")
        astray = led and ":" in known.get("href", "").split("?")[0]
        if tag == "x-evil" or scripts or astray or any(name.startswith("on") or name == "style" for name in known):
            self.found.append(f"{tag} {known}")
        self.text += "".join(known.get(name, "") for name in ("value", "aria-label"))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def evil(app: Flask, database: Connection, clock: ClockHand) -> PatientPersona:
    """A patient whose names are markup, at a clinic whose name is."""
    return make_patient(make_clinic(app, name="<x-evil/>"), given_name=MARKUP, family_name=MARKUP)


def test_what_others_wrote_is_text_on_every_page_in_both_languages(
    app: Flask, evil: PatientPersona, clock: ClockHand
) -> None:
    lead = Visitor(make_clinician(evil.clinic, "lead"))
    ben = make_clinician(evil.clinic, phone="+12125550130")
    pages = {"staff": lead.post("/clinic/staff", name=MARKUP, email="x@clinic.example", role="nurse").text}
    addresses = all_has_happened(evil, ben, lead, clock, WORDS)
    Phone(evil.clinic, evil.phone).text(BONES)
    own = f"/patients/{evil.id}"
    pages["called"] = lead.done(f"{own}/calls", result="reached")
    pages["wrong"] = lead.post(f"{own}/check-ins", pain="77", on="never", note=WORDS).text
    pages["draft"] = lead.post(f"{own}/draft", body=WORDS).text
    paths = [path for path, _ in views(app, addresses)]
    paths += [
        "/worklist?show=resolved",
        "/patients?q=x-evil",
        f"/patients?q={MARKUP}",
        f"/clinic/audit?action={MARKUP}",
    ]
    for path in paths:
        for language in ("en", "es"):
            pages[f"{path} {language}"] = lead.get(path, headers={"Accept-Language": language}).text
    read = {path: Markup(page) for path, page in pages.items()}
    assert {path: one.found for path, one in read.items() if one.found} == {}
    note = f"/flags/{addresses['resolved']}/note"
    for path in ("/worklist", "/worklist/handover", own, f"{own}/print", note):
        assert WORDS in read[f"{path} en"].text, path
    for path in (own, f"{own}/print"):
        assert BONES in read[f"{path} en"].text, path
    for path in ("/inbox", "/patients", own, "/clinic/staff", "/clinic/rota", "/clinic/audit"):
        assert MARKUP in read[f"{path} es"].text, path


def test_a_file_of_the_clinic_is_never_shown_as_a_page(evil: PatientPersona) -> None:
    lead = Visitor(make_clinician(evil.clinic, "lead"))
    for path in ("/clinic/audit.csv", "/clinic/reports/replies_by_day.csv", "/enrol/import/patients.csv"):
        answer = lead.get(path)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment")
