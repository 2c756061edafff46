"""The rules on a page: replayed over the clinic's own history, with a what-if, and signed by two."""

import html
import json
import re

import pytest

from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.clinic_rules import rules_of
from tests.builders import BuiltClinic, PatientPersona, make_clinician, record
from tests.clinic.visitor import Visitor

PATH = "/clinic/rules"


@pytest.fixture
def lead(clinic: BuiltClinic) -> Visitor:
    return Visitor(make_clinician(clinic, "lead"))


def draft_of(page: str) -> str:
    """The draft that every form of the page carries."""
    [draft] = set(re.findall(r'name="draft" value="([^"]*)"', page))
    return html.unescape(draft)


def test_a_lead_sees_what_the_rules_asked_and_what_another_number_would_change(
    ann: PatientPersona, lead: Visitor
) -> None:
    record(ann, 3, symptoms=("fever",))
    page = lead.read(PATH)
    assert "Replayed over 1 recovery since" in page
    rule = '<td><b>RF-C</b> <span class="small">Fever or shaking chills reported</span></td>'
    assert f'{rule}<td data-word="Tier">Urgent</td><td class="nums" data-word="Findings">1</td>' in page
    assert "<b>PW-03</b> Pain …; their usual is about …</summary>" in page
    assert not re.search(r"\{\w+\}", re.sub(r'name="draft" value="[^"]*"', "", page)), "no blank shows its name"
    tried = lead.post(PATH, **{"RF-C||tier": "today", "deed": "compare", "draft": draft_of(page)})
    assert tried.status_code == 200
    assert "RF-C: tier Today" in tried.text
    assert "1 × RF-C, Today" in tried.text
    assert "1 × RF-C, Urgent" in tried.text
    both = lead.post(PATH, **{"detector||limit": "9", "deed": "compare", "draft": draft_of(tried.text)})
    assert json.loads(draft_of(both.text)) == {"rules": {"RF-C": {"tier": "today"}}, "detector": {"limit": 9}}
    back = lead.post(PATH, **{"RF-C||tier": "urgent", "deed": "compare", "draft": draft_of(tried.text)})
    assert json.loads(draft_of(back.text)) == {}


def test_a_lead_proposes_and_somebody_else_signs(clinic: BuiltClinic, lead: Visitor) -> None:
    tried = lead.post(PATH, **{"PW-03|parameters|pain": "9", "deed": "compare"})
    page = lead.done(PATH, draft=draft_of(tried.text), deed="propose", why="too many at night")
    assert "PW-03: pain 9" in page
    assert "Somebody else has to sign." in page
    [change_id] = set(re.findall(r"/clinic/rules/([0-9a-f-]{36})/", page))
    assert lead.post(f"{PATH}/{change_id}/sign").status_code == 403
    doctor = Visitor(make_clinician(clinic, "clinician"))
    assert "Sign these rules" in doctor.read(PATH)
    assert f"version {rule_pack().version}+1" in doctor.done(f"{PATH}/{change_id}/sign")
    with clinic.open() as scope:
        severe = next(rule for rule in rules_of(scope).rules if rule.id == "PW-03")
    assert (severe.version, severe.parameters["pain"]) == ("1+1", 9)
    signed = lead.read(PATH)
    assert 'name="PW-03|parameters|pain" value="9"' in signed
    assert json.loads(draft_of(signed)) == {"rules": {"PW-03": {"parameters": {"pain": 9}}}}, "the next one adds to it"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RF-A||tier", "review", "RF-A"),
        ("detector||limit", "lots", "limit"),
        ("PW-03|parameters|pain", "99", "PW-03"),
        ("draft", "[1]", "begin again"),
        ("draft", '{"rules": {"PW-03": 3}}', "PW-03"),
    ],
    ids=["red flag", "words", "bounds", "no draft", "odd draft"],
)
def test_numbers_that_no_pack_may_have_are_refused_with_the_reason(
    lead: Visitor, name: str, value: str, said: str
) -> None:
    answer = lead.post(PATH, **{name: value, "deed": "propose", "why": "why"})
    assert answer.status_code == 422
    assert "These numbers cannot be used" in answer.text
    assert said in answer.text


def test_a_nurse_does_not_decide_about_rules_and_a_clinician_proposes_none(clinic: BuiltClinic) -> None:
    assert Visitor(make_clinician(clinic, "nurse")).get(PATH).status_code == 403
    doctor = Visitor(make_clinician(clinic, "clinician"))
    assert doctor.post(PATH, deed="propose", why="why", draft='{"detector": {"limit": 9}}').status_code == 403
