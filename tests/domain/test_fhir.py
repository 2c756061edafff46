"""Every resource of the export is what FHIR R4 asks for, whatever stands in the rows; the judge itself is tried."""

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain import fhir
from recovery_api.models.messages import OUTGOING_STATES
from tests.fhir_r4 import faults

CLINIC = "Harbour Clinic"
AT = datetime(2026, 11, 20, 15, 0, 3, 250_000, tzinfo=UTC)
ANN, ONE = UUID("01a20000-0000-7000-8000-000000000001"), UUID("01a20000-0000-7000-8000-000000000002")
KNOWN: dict[str, Any] = {
    "id": ONE, "patient_id": ANN, "version": 1, "recorded_at": AT, "received_at": AT, "created_at": AT, "opened_at": AT,
    "record_number": "A-7", "family_name": "Testerby", "given_name": "Annwyl", "sex": "female", "status": "active",
    "born_on": "1948-03-12", "language": "es", "performed_on": date(2026, 11, 15), "levels": ["T12", "L1"],
}  # fmt: skip
CHECK_IN = {
    "pain": 6, "activity_level": "short_walks", "minutes_walked": 0, "pills_otc": 2, "pills_prescribed": None,
    "pills_total": None, "symptoms": ["fever"], "note": "it hurts",
}  # fmt: skip
TEXT = {"state": "delivered", "direction": "out", "purpose": "reminder", "attempted_at": AT, "body": "How bad is it?"}
FORM = {"instrument": "phq2", "score": 3, "answers": [1, 2, True, "often"]}
FLAG = {"status": "open", "resolved_at": None, "family": "red_flag", "tier": "urgent", "reason": "Fever"}
STEPS = {"steps": 812, "coverage": "full", "on_day": date(2026, 11, 19)}
VISIT = {"starts_at": AT, "status": "booked"}


def row(**more: Any) -> dict[str, Any]:
    return {**KNOWN, **more}


MADE: dict[str, Callable[[], fhir.Resource | None]] = {
    "patient": lambda: fhir.patient(row(), ["+12125550141"], CLINIC),
    "patient without a phone or a number": lambda: fhir.patient(row(record_number=None, sex="unknown"), [], CLINIC),
    "patient who died": lambda: fhir.patient(row(status="deceased", sex="other"), [], CLINIC),
    "procedure": lambda: fhir.procedure(row(), date(2026, 11, 20)),
    "planned procedure": lambda: fhir.procedure(row(), date(2026, 11, 1)),
    "pain": lambda: fhir.pain(row(**CHECK_IN)),
    "no pain": lambda: fhir.pain(row(**{**CHECK_IN, "pain": 0, "version": 2})),
    "steps": lambda: fhir.steps(row(**STEPS)),
    "steps of a part of a day": lambda: fhir.steps(row(**{**STEPS, "coverage": "partial", "steps": 0})),
    "score": lambda: fhir.score(row(**FORM)),
    "score alone": lambda: fhir.score(row(**{**FORM, "answers": None})),
    "check-in": lambda: fhir.check_in(row(**CHECK_IN)),
    "empty check-in": lambda: fhir.check_in(row(**{**dict.fromkeys(CHECK_IN), "symptoms": []})),
    "questionnaire": lambda: fhir.questionnaire(row(**FORM)),
    "open flag": lambda: fhir.flag(row(**FLAG)),
    "resolved flag": lambda: fhir.flag(row(**{**FLAG, "status": "resolved", "resolved_at": AT})),
}


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_resource_is_what_r4_asks_for(name: str) -> None:
    resource = MADE[name]()
    assert resource is not None
    assert faults(resource) == []


@pytest.mark.parametrize("state", ["received", *OUTGOING_STATES])
def test_a_text_in_any_state_is_a_communication(state: str) -> None:
    came = state == "received"
    text = {**TEXT, "state": state, "direction": "in" if came else "out", "purpose": None if came else "safety"}
    assert faults(fhir.communication(row(**text))) == []


@pytest.mark.parametrize("status", ["booked", "confirmed", "change_asked", "cancelled", "kept", "missed"])
def test_a_visit_in_any_state_is_an_appointment(status: str) -> None:
    assert faults(fhir.appointment(row(**{**VISIT, "status": status}))) == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_people_write_stays_within_the_format(words: str, note: str) -> None:
    for resource in (
        fhir.communication(row(**{**TEXT, "body": words, "state": "received", "direction": "in", "purpose": None})),
        fhir.check_in(row(**{**CHECK_IN, "note": note, "symptoms": [words]})),
        fhir.flag(row(**{**FLAG, "reason": f"Fever: {words}"})),
    ):
        assert faults(resource) == []


def without(name: str) -> Callable[[fhir.Resource], None]:
    return lambda resource: resource.pop(name)


def with_value(name: str, value: Any) -> Callable[[fhir.Resource], None]:
    return lambda resource: resource.update({name: value})


PLANTED: dict[str, tuple[str, Callable[[fhir.Resource], None], str]] = {
    "no status": ("pain", without("status"), "status: is missing"),
    "a gender of our own": ("patient", with_value("gender", "F"), "'F' is not in administrative-gender"),
    "an unknown element": ("procedure", with_value("surgeon", "Dr"), "surgeon: no element of R4"),
    "a date in words": ("patient", with_value("birthDate", "12 Mar 1948"), "is no date"),
    "a day that is none": ("patient", with_value("birthDate", "1948-13-40"), "is no date"),
    "no subject": ("open flag", without("subject"), "subject: is missing"),
    "a list in place of one": ("pain", with_value("code", [{"text": "x"}]), "code: is a list"),
    "one in place of a list": ("patient", with_value("name", {"family": "x"}), "name: is no list"),
    "an empty list": ("check-in", with_value("item", []), "item: is an empty list"),
    "two values": ("pain", with_value("valueInteger", 6), "value[x]"),
    "a number in words": ("score", with_value("valueInteger", "3"), "is no integer"),
    "an instant without a zone": ("pain", with_value("issued", "2026-11-20T15:00:03"), "is no instant"),
    "a reference to another kind": ("pain", with_value("subject", {"reference": "Flag/1"}), "refers to no Patient"),
    "an id with a space": ("patient", with_value("id", "a b"), "is no id"),
    "a kind that is not exported": ("patient", with_value("resourceType", "Person"), "no kind of resource"),
}


@pytest.mark.parametrize("planted", sorted(PLANTED))
def test_the_judge_finds_every_planted_fault(planted: str) -> None:
    name, spoil, said = PLANTED[planted]
    made = MADE[name]()
    assert made is not None
    resource = copy.deepcopy(made)
    spoil(resource)
    assert any(said in one for one in faults(resource)), faults(resource)
