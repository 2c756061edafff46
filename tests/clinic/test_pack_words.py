"""What a lead is told of a ladder or of numbers that cannot be used: the place and the reason, in both languages."""

from html import unescape

import pytest

from tests.builders import BuiltClinic, make_clinician
from tests.clinic.visitor import Visitor

LATE = {
    "tier": "emergency", "emergency_repeat": "5", "emergency_0_after": "0", "emergency_0_tell": "nurse",
    "emergency_0_sms": "1", "emergency_1_after": "400", "emergency_1_tell": "everyone", "emergency_1_sms": "1",
}  # fmt: skip
HOURS = {"opens": "17:00", "closes": "08:00", "day_mon": "1"}


@pytest.fixture
def lead(clinic: BuiltClinic) -> Visitor:
    """The lead's browser."""
    return Visitor(make_clinician(clinic, "lead"))


@pytest.mark.parametrize(
    ("form", "english", "spanish"),
    [
        (LATE, "Emergency: a second rung must come within", "Emergencia: un segundo peldaño debe venir en menos de"),
        (LATE | {"emergency_0_sms": ""}, "Emergency, rung 1: ", "Emergencia, peldaño 1: elija al menos un canal"),
        (LATE | {"emergency_repeat": "5000"}, "must be a whole number from 5 to", "debe ser un número entero de 5 a"),
        (HOURS, "closes must come after opens", "el cierre debe venir después de la apertura"),
        (HOURS | {"day_mon": ""}, "days must be a list", "elija al menos un día"),
    ],
    ids=["late", "no channel", "seldom", "backwards", "no day"],
)
def test_a_ladder_that_is_refused_is_told_in_the_language_of_the_page(
    lead: Visitor, form: dict[str, str], english: str, spanish: str
) -> None:
    for language, said in (("en", english), ("es", spanish)):
        lead.get(f"/language?to={language}")
        page = unescape(lead.done("/clinic/ladder", **form))
        assert said in page
        assert "own ladder: ladder" not in page


def test_numbers_that_are_refused_are_told_in_the_language_of_the_page(lead: Visitor) -> None:
    wrong = {"RF-A||tier": "review", "deed": "propose", "why": "to see"}
    assert "RF-A: tier is review; Legs newly weak, numb or hard to move may not be less urgent than urgent" in tried(
        lead, wrong
    )
    lead.get("/language?to=es")
    said = tried(lead, wrong)
    assert "RF-A: el nivel es revisar; " in said
    assert "no puede ser menos urgente que urgente" in said


def test_a_number_is_named_as_its_field_is(lead: Visitor) -> None:
    wrong = {"detector||step_cap": "99999", "deed": "compare"}
    assert "step cap is 99999.0; it must be a number from" in tried(lead, wrong)
    lead.get("/language?to=es")
    said = tried(lead, wrong)
    assert "debe ser un número de" in said
    assert "step" not in said.partition('role="alert"')[2].partition("</div>")[0]


def tried(lead: Visitor, form: dict[str, str]) -> str:
    answer = lead.post("/clinic/rules", **form)
    assert answer.status_code == 422
    return unescape(answer.text)
