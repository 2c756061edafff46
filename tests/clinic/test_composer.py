"""The counter under a message counts what will leave: smart-encoded, and behind the label of a shared phone."""

import re

import pytest
from sqlalchemy import select, update

from recovery_api.domain.segments import measure
from recovery_api.models import tables
from tests.builders import PatientPersona, Persona, make_patient
from tests.clinic.visitor import Visitor

FULL = "Rest. " * 26 + "Rest"  # 160 characters
DRAFTS = [
    "Call us.",
    FULL,
    "It\u2019s \u201cfine\u201d\u2026",
    "á" * 61,
    "á" * 60,
    "One\r\nTwo\r\nThree",
    "  Rest.  ",
    "9 €",
]


@pytest.fixture
def nurse(ben: Persona) -> Visitor:
    """A clinician's browser."""
    return Visitor(ben)


def share(ann: PatientPersona, label: str = "AT") -> None:
    """Somebody else has the same phone, and the clinic chose a label."""
    make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    with ann.clinic.open() as scope:
        point = tables.contact_point
        scope.connection.execute(update(point).where(point.c.patient_id == ann.id).values(label=label))


def sent(ann: PatientPersona) -> str:
    """The text that leaves."""
    with ann.clinic.open() as scope:
        message = tables.message
        row = scope.connection.execute(select(message).where(message.c.purpose == "service")).one()
        return scope.vault.open("message.body", row.id, row.body_sealed)


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "alone"])
def test_what_is_counted_is_what_is_sent(ann: PatientPersona, nurse: Visitor, draft: str, shared: bool) -> None:
    if shared:
        share(ann)
    with_script = nurse.post(f"/patients/{ann.id}/messages/measure", body=draft).text
    page = nurse.post(f"/patients/{ann.id}/draft", body=draft).text
    assert f'role="status">{with_script}<' in page
    assert nurse.post(f"/patients/{ann.id}/messages", body=draft).status_code == 303
    text = sent(ann)
    assert text.startswith("AT: ") == shared
    assert "\r" not in text, "a new line is one character"
    size = measure(text)
    texts, characters = re.findall(r"\d+", with_script)[:2]
    assert (int(texts), int(characters)) == (size.segments, size.characters)


def test_a_label_makes_a_full_text_two(ann: PatientPersona, nurse: Visitor) -> None:
    measure_of = f"/patients/{ann.id}/messages/measure"
    assert nurse.post(measure_of, body=FULL).text == "1 text, 160 of 160"
    share(ann, "NORBERT2")
    assert nurse.post(measure_of, body=FULL).text == "2 texts, 170 characters"
    assert nurse.post(measure_of, body="").text == "1 text, 0 of 160"


def test_a_caregivers_label_counts_for_nothing_where_the_text_goes_to_the_patient(
    ann: PatientPersona, nurse: Visitor
) -> None:
    with ann.clinic.open() as scope:
        point = tables.contact_point
        row = scope.connection.execute(select(point)).one()._asdict()
        other = {**row, "id": ann.id, "whose": "caregiver", "phone_digest": b"x" * 32, "label": "CARE"}
        scope.connection.execute(point.insert(), other)
    assert nurse.post(f"/patients/{ann.id}/messages/measure", body=FULL).text == "1 text, 160 of 160"


def test_nothing_is_counted_for_another_clinics_patient(ann: PatientPersona, cleo: Persona) -> None:
    assert Visitor(cleo).post(f"/patients/{ann.id}/messages/measure", body="x").status_code == 404
    assert Visitor(cleo).post("/messages/measure", body="x").status_code == 404
