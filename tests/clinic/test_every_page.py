"""Every page of the clinicians': who may open it, and what is left of the English one in the Spanish one."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from flask import Flask

from recovery_api.clinic.session import CLINICAL_ROLES
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician
from tests.clinic.every_page import all_has_happened, views
from tests.clinic.visitor import Visitor

SHOWN = (
    "aria-label",
    "placeholder",
    "title",
    "alt",
    "data-none",
    "data-again",
    "data-chosen",
    "data-fine",
    "data-stale",
    "data-out",
    "data-in",
    "data-gone",
    "data-order",
    "data-off",
    "data-on",
    "data-done",
)
# Names, words as written by people, codes, pictures and what says of itself in which language it is.
NOT_OURS = {"bdi", "q", "blockquote", "code", "textarea", "script", "style", "kbd"}
VOID = {"meta", "link", "input", "br", "img", "use", "path", "rect", "circle", "polygon", "line", "hr", "polyline"}
WORD = re.compile(r"[^\W\d_]{3,}")
# The same in both languages: the product, places, and what the languages call themselves.
SAME = {"Error", "CSV", "America/New_York", "English", "Español", "lumbar", "detector", "patient.", "min"}
PLAIN = re.compile(
    r"""(Made-up\ [\w ]+) | (TESTERBY,\ Annwyl) | Recovery | {\w+} | [A-Z]{2,4}-[A-Za-z0-9]+ | [\w.-]+@[\w.]+(\ ·)?
    | [A-Z][a-z]+/[A-Z]\w+ | \d+\ min""",
    re.VERBOSE,
)


class Strings(HTMLParser):
    """What a reader sees or hears of a page, where it is in the page's own language."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()
        self.open: list[tuple[str, bool]] = []
        self.feed(source)

    def _keep(self, said: str) -> None:
        said = " ".join(said.split()).removesuffix(" · Recovery").removeprefix(", ")
        if WORD.search(said):
            self.found.add(said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        foreign = tag in NOT_OURS or ("lang" in known and tag != "html") or known.get("dir") == "auto"
        foreign = foreign or known.get("translate") == "no"
        is_out = foreign or (bool(self.open) and self.open[-1][1])
        if not is_out:
            for name in SHOWN:
                self._keep(known.get(name, ""))
        if tag not in VOID:
            self.open.append((tag, is_out))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and not self.open[-1][1]:
            self._keep(data)


def left_in_english(english: str, spanish: str) -> set[str]:
    """What both pages say in the same words, though it could be said otherwise."""
    both = Strings(english).found & Strings(spanish).found
    return {said for said in both if said not in SAME and not PLAIN.fullmatch(said)}


@pytest.fixture
def lead(clinic: BuiltClinic) -> Visitor:
    """The browser of the lead, who may see every page."""
    return Visitor(make_clinician(clinic, "lead"))


@pytest.fixture
def addresses(ann: PatientPersona, ben: Persona, lead: Visitor, clock: ClockHand) -> Mapping[str, str]:
    """A value for each place in an address."""
    return all_has_happened(ann, ben, lead, clock)


def test_no_page_has_an_english_sentence_left_in_spanish(
    app: Flask, lead: Visitor, addresses: Mapping[str, str]
) -> None:
    left: dict[str, set[str]] = {}
    seen = 0
    for path, _ in views(app, addresses):
        english = lead.get(path, headers={"Accept-Language": "en"})
        spanish = lead.get(path, headers={"Accept-Language": "es"})
        if english.status_code in (302, 303):
            continue
        assert english.status_code == spanish.status_code == 200, (path, english.status_code)
        seen += 1
        if found := left_in_english(english.text, spanish.text):
            left[path] = found
    assert not left, "\n".join(f"{path}: {sorted(said)}" for path, said in left.items())
    assert seen >= 30, "most pages were looked at"


ROLES = ("nurse", "clinician", "lead", "privacy_officer", "operator")


def test_every_page_is_closed_to_the_roles_that_its_view_does_not_name(
    app: Flask, clinic: BuiltClinic, addresses: Mapping[str, str]
) -> None:
    """The doors are for anybody and the account for all staff; every other page carries its roles."""
    wrong, closed = [], 0
    visitors = {role: Visitor(make_clinician(clinic, role)) for role in ROLES}
    for path, view in views(app, addresses):
        roles = view.__dict__.get("roles", ROLES)
        special = roles not in (ROLES, frozenset(CLINICAL_ROLES))
        for role, visitor in visitors.items():
            if special or role not in roles:
                status = visitor.get(path).status_code
                closed += role not in roles
                if (status == 403) != (role not in roles):
                    wrong.append((path, role, status))
    assert wrong == []
    assert closed >= 60, "most pages are closed to somebody"


def test_the_page_of_the_clinic_leads_nobody_to_a_closed_door(clinic: BuiltClinic) -> None:
    for role in ("nurse", "clinician", "lead"):
        visitor = Visitor(make_clinician(clinic, role))
        places = re.findall(r'<h2><a href="([^"]+)"', visitor.read("/clinic"))
        assert len(places) >= 4
        for path in places:
            assert visitor.get(path).status_code in (200, 303), (role, path)


def test_a_privacy_officer_reads_the_audit_and_is_led_to_it(clinic: BuiltClinic, ann: PatientPersona) -> None:
    officer = Visitor(make_clinician(clinic, "privacy_officer"))
    assert 'href="/clinic/audit"' in officer.read("/account")
    page = officer.read("/clinic/audit")
    assert 'data-action="patient.enrolled"' in page
    assert 'href="/worklist"' not in page, "nothing leads to charts"
    assert officer.get("/clinic/audit.csv").status_code == 200
    assert officer.get("/clinic/staff").status_code == 403
