"""At 320 px nothing scrolls sideways: every page by the map of the application itself, with `--long` in both languages.

Spanish comes first: its words are longer.

The pages come from the application without a socket, and stand one after the other in the same window.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from recovery_api.domain.web_answers import STEPS
from recovery_api.packs.about_pack import TOPICS
from recovery_api.services.book_visits import book_visit
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.text_check_in_link import make_link
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, make_patient
from tests.clinic.every_page import all_has_happened, views
from tests.clinic.visitor import Visitor
from tests.patient.conftest import ADDRESS, WebPhone

pytestmark = pytest.mark.browser
WIDTH = 320
LONG = "W" * 90  # nothing in it where a line could break
NOT_PAGES = re.compile(
    r"/api/|/healthz|/metrics|/readyz|/health-line|/language|.*(/static/|\.(csv|ics|js|webmanifest))"
)
REDIRECTS = {"/", "/about", "/c/q", "/c/form"}
PARTS = {"/worklist/rows", "/c/q/kit"}  # of a page, for a script
MONTH = 25  # days from the fifth to the 30th, when every questionnaire is due
STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"( media="print")?>')
OTHER_FILES = re.compile(r'<link rel="(?:icon|preload|manifest)"[^>]*>')
FONT = re.compile(r'url\("?([^")]+\.woff2)"?\)')
SHOW = """(page) => {
    document.documentElement.innerHTML = page;
    for (const one of document.querySelectorAll("[hidden]:not(#lock)")) one.hidden = false;
    return document.fonts.ready.then(() => document.documentElement.scrollWidth);
}"""


@dataclass
class Shelf:
    """Pages that were made, by their address, with their styles and the font in them."""

    files: FlaskClient
    pages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    styles: dict[str, str] = field(default_factory=dict)

    def keep(self, path: str, text: str) -> None:
        """Put a page on the shelf."""
        self.pages[path].append(OTHER_FILES.sub("", STYLE.sub(self._style, text)))

    def _style(self, link: re.Match[str]) -> str:
        if link[2]:
            return ""
        if link[1] not in self.styles:
            own = self._read(link[1]).decode()
            self.styles[link[1]] = FONT.sub(lambda name: self._font(link[1].rpartition("/")[0], name[1]), own)
        return f"<style>{self.styles[link[1]]}</style>"

    def _font(self, folder: str, name: str) -> str:
        return f"url(data:font/woff2;base64,{base64.b64encode(self._read(f'{folder}/{name}')).decode()})"

    def _read(self, path: str) -> bytes:
        with self.files.get(path, base_url=ADDRESS) as answer:
            return answer.data

    def widths(self, window: Page) -> Iterator[tuple[str, int]]:
        """How wide each page is at 320 px, everything shown that a script may show."""
        for path, pages in self.pages.items():
            for page in pages:
                yield path, window.evaluate(SHOW, page)


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A narrow window without a network."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 640}, offline=True)
    yield context.new_page()
    context.close()


def work_pages(shelf: Shelf, app: Flask, lead: Visitor, addresses: Mapping[str, str], language: str) -> None:
    """The clinicians' pages, and their doors as somebody sees them who is not signed in."""
    speaks = {"Accept-Language": language}
    for path, _ in views(app, addresses):
        for client in (lead.client, app.test_client()):
            answer = client.get(path, headers=speaks)
            if answer.status_code == 200 and path not in PARTS:
                shelf.keep(path, answer.text)


@dataclass
class Answering:
    """A patient with a link, who goes through whole pages."""

    shelf: Shelf
    phone: WebPhone
    language: str

    def see(self, path: str) -> str:
        """Keep what a page shows."""
        answer = self.phone.get(path)
        assert answer.status_code == 200, path
        self.shelf.keep(path, answer.text)
        return answer.text

    @cached_property
    def patient(self) -> PatientPersona:
        return self.phone.patient

    def open(self, asks: str) -> None:
        """A link, its door, and what stands behind it."""
        with self.patient.clinic.open() as scope:
            now = self.patient.clinic.wiring.clock.now()
            link = make_link(scope, self.patient.id, self.patient.episode_id, self.language, ADDRESS, now, asks)
        self.see(link.removeprefix(ADDRESS))
        self.phone.post(link.removeprefix(ADDRESS), year="1948", lang=self.language)

    def check_in(self) -> None:
        """Every question, the summary, and the thanks."""
        self.open("check_in")
        self.see("/c/visit")
        self.phone.answer_all()
        for step in STEPS:
            self.see(f"/c/q/{step}")
        self.phone.send()
        self.see("/c/q/done")

    def form(self) -> None:
        """Every screen of the questionnaires that are due."""
        self.open("form")
        answer = self.phone.get("/c/form")
        while not answer.request.path.endswith("/done"):
            self.shelf.keep(answer.request.path, answer.text)
            token = re.search(r'name="csrf" value="(\w+)"', answer.text)
            assert token is not None
            answer = self.phone.post(answer.request.path, csrf=token[1], said="0")
        self.shelf.keep("/c/form/done", answer.text)


def patients_pages(shelf: Shelf, app: Flask, ann: PatientPersona, language: str) -> None:
    """What stands behind every kind of link, the page for the app, and what is open to anybody."""
    own = Answering(shelf, WebPhone(ann, app.test_client(), ""), language)
    for path in ("/c/no-such-link", f"/c/app/{language}", f"/about/{language}"):
        shelf.keep(path, own.phone.get(path).text)
    for topic in TOPICS:
        own.see(f"/about/{language}/{topic}")
    own.check_in()
    own.form()


@pytest.mark.soak
def test_no_page_of_the_product_scrolls_sideways_on_the_narrowest_phone(
    app: Flask,
    window: Page,
    clinic: BuiltClinic,
    ben: Persona,
    clock: ClockHand,
    samples: Callable[[int, int], int],
) -> None:
    ann = make_patient(clinic, given_name=LONG[:40], family_name=LONG)
    lead, wide, seen = Visitor(make_clinician(clinic, "lead")), {}, set()
    addresses = all_has_happened(ann, ben, lead, clock, f"my legs feel weak {LONG * 15}")
    with clinic.open() as scope:
        book_visit(scope, ann.episode_id, clock.now + timedelta(days=40), SYSTEM, clock.now)
    shelf: dict[str, Shelf] = {language: Shelf(app.test_client()) for language in ("es", "en")[: samples(1, 2)]}
    for language, made in shelf.items():
        work_pages(made, app, lead, addresses, language)
    clock.forward(days=MONTH)
    for language, made in shelf.items():
        patients_pages(made, app, ann, language)
        wide.update({(language, page): width for page, width in made.widths(window) if width > WIDTH})
        seen |= {app.url_map.bind("").match(page, return_rule=True)[0].rule for page in made.pages}
    assert wide == {}
    rules = (one for one in app.url_map.iter_rules() if "GET" in (one.methods or ()))
    forgotten = {one.rule for one in rules if not NOT_PAGES.match(one.rule)} - seen - REDIRECTS - PARTS
    assert forgotten == set(), "these pages were not looked at"
