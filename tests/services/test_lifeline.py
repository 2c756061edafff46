"""Words of self-harm are answered with the 988 lifeline and the emergency number, and flagged as ever."""

from uuid import uuid4

import pytest
from sqlalchemy import update

from recovery_api.domain.segments import measure
from recovery_api.models import tables
from tests.builders import PatientPersona, Persona, make_patient
from tests.services.phone import Outcome, Phone


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


def names_the_lifeline(outcome: Outcome, saved: str = "") -> bool:
    [body] = outcome.bodies
    return all(said in body for said in ("988", "911", saved)) and measure(body).segments == 1


@pytest.mark.parametrize(
    ("body", "key", "saved"),
    [
        ("I want to die", "lifeline", ""),
        ("my legs feel weak and I want to kill myself", "lifeline", ""),
        ("pain 9, I want to end my life", "lifeline_saved", "We saved 9"),
    ],
)
def test_words_of_self_harm_are_answered_with_the_lifeline_and_flagged(
    phone: Phone, body: str, key: str, saved: str
) -> None:
    outcome = phone.text(body)
    assert outcome.answer == key
    assert names_the_lifeline(outcome, saved)
    assert "call or text 988" in outcome.bodies[0]
    assert ("red_flag", "emergency") in phone.flags()
    assert outcome.check_in is not None
    assert "self_harm" in outcome.check_in.symptoms


def test_the_same_in_spanish(ann: PatientPersona, ben: Persona) -> None:
    other = make_patient(ann.clinic, given_name="Brisa", phone="+12125550177", language="es")
    outcome = Phone(ann.clinic, other.phone).text("me quiero matar")
    assert outcome.answer == "lifeline"
    assert names_the_lifeline(outcome)
    assert "llame o escriba al 988" in outcome.bodies[0]


def test_a_shared_phone_is_told_too_before_anybody_knows_who_wrote(phone: Phone, ann: PatientPersona) -> None:
    make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    outcome = phone.text("I want to die")
    assert outcome.answer == "lifeline"
    assert names_the_lifeline(outcome)
    assert phone.flags() == [("red_flag", "emergency")]


def test_where_no_lifeline_is_known_the_emergency_number_is_named_alone(phone: Phone) -> None:
    with phone.clinic.open() as scope:
        scope.connection.execute(update(tables.clinic).values(emergency_number="112"))
    outcome = phone.text("I want to die")
    assert outcome.answer == "emergency"
    assert "112" in outcome.bodies[0]
    assert "988" not in outcome.bodies[0]


def test_another_emergency_is_not_answered_with_it(phone: Phone) -> None:
    assert phone.text("my legs feel weak").answer == "emergency"


def test_the_advice_of_a_check_in_by_app_names_it_as_well(ann: PatientPersona, ben: Persona) -> None:
    body = {"client_id": str(uuid4()), "recorded_at": "2026-11-20T15:00:00Z", "pain": 2, "symptoms": ["self_harm"]}
    advice = ann.post("/me/check-ins", json=body).json["advice"]
    assert (advice["tier"], advice["phone"]) == ("emergency", "911")
    assert "988" in advice["text"]
