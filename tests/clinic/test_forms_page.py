"""The nurse's questionnaires: entered on the patient's behalf by the patient's own road, with who answered it."""

import re

import pytest
from sqlalchemy import select

from recovery_api.models import tables
from tests.builders import ClockHand, PatientPersona, Persona
from tests.clinic.visitor import Visitor


@pytest.fixture
def nurse(ben: Persona) -> Visitor:
    """Ben's browser."""
    return Visitor(ben)


def form_id(page: str) -> str:
    found = re.search(r'name="form_id" value="([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


def test_a_nurse_enters_what_the_patient_says_and_who_said_it(
    ann: PatientPersona, nurse: Visitor, clock: ClockHand
) -> None:
    clock.forward(days=25)
    path = f"/patients/{ann.id}/forms"
    assert f'href="{path}"' in nurse.read(f"/patients/{ann.id}")
    page = nurse.read(path)
    assert "Back: RMDQ or ODI (until 28-Dec-2026), Mood: PHQ-2 (until 28-Dec-2026)" in page
    given = {"form_id": form_id(page), "i_0": "1", "i_23": "1"}
    assert "Saved: Back (RMDQ), 2 of 24." in nurse.done(f"{path}/rmdq", **given)
    nurse.done(f"{path}/rmdq", **given)
    page = nurse.done(f"{path}/odi", form_id=form_id(nurse.read(path)), score="40", answered_by="caregiver")
    assert "40 %" in page
    assert "entered by the clinic, answered by a caregiver" in page
    with ann.clinic.open() as scope:
        table, audit = tables.questionnaire, tables.audit_event
        rows = scope.connection.execute(select(table).order_by(table.c.id)).all()
        by = select(audit.c.actor_kind).where(audit.c.action == "questionnaire.answered")
        assert scope.connection.execute(by).scalars().all() == ["clinician"] * 2
    assert [(row.instrument, row.score, row.channel, row.answered_by) for row in rows] == [
        ("rmdq", 2, "staff", "patient"), ("odi", 40, "staff", "caregiver"),
    ]  # fmt: skip
    assert "None is due now" not in page
    assert "Due now: Mood: PHQ-2" in page


def test_a_low_mood_and_thoughts_of_harm_reach_the_list(
    ann: PatientPersona, ben: Persona, nurse: Visitor, clock: ClockHand
) -> None:
    path = f"/patients/{ann.id}/forms"
    low = nurse.done(f"{path}/phq2", form_id=form_id(nurse.read(path)), i_0="2", i_1="1")
    assert "Ask about thoughts of harm now" in low
    assert [one["tier"] for one in ben.get("/flags").json["items"]] == ["review"]
    told = nurse.done(f"{path}/phq2", form_id=form_id(low), i_0="0", i_1="0", harm="1")
    assert "Tell the patient: Please talk to someone now: call or text 988, day or night." in told
    assert {(one["tier"], one["rule"]) for one in ben.get("/flags").json["items"]} == {
        ("emergency", "RF-K"), ("review", "WX-01"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("instrument", "given"),
    [("phq2", {"i_0": "1"}), ("phq2", {"i_0": "1", "i_1": "4"}), ("odi", {"score": "101"}), ("odi", {}),
     ("rmdq", {"score": "lots"})],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_nothing_is_stored(
    ann: PatientPersona, nurse: Visitor, instrument: str, given: dict[str, str]
) -> None:
    path = f"/patients/{ann.id}/forms"
    refused = nurse.post(f"{path}/{instrument}", form_id=form_id(nurse.read(path)), **given)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    said = re.search(r'There is a problem</h2><p><a href="#(\w+)">(.*?)</a></p>', refused.text, re.DOTALL)
    assert said is not None
    assert said[1] == instrument
    assert re.fullmatch(rf".* \({instrument.upper().replace('PHQ2', 'PHQ-2')}\): [A-Z].*\.", said[2], re.DOTALL)
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(tables.questionnaire)).all() == []
    assert nurse.post(f"{path}/made-up", form_id=str(ann.id)).status_code == 404


def test_the_questions_stand_in_the_patients_language(ann: PatientPersona, nurse: Visitor) -> None:
    with ann.clinic.open() as scope:
        patient = tables.patient
        scope.connection.execute(patient.update().where(patient.c.id == ann.id).values(language="es"))
    page = nurse.read(f"/patients/{ann.id}/forms")
    assert ", born " in page
    assert 'lang="es"' in page
    assert "Casi todos los días" in page
