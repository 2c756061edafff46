"""Rows of the worklist that a process keeps: shown again as they were, and never a moment longer than they are true."""

import re

import pytest
from sqlalchemy import update

from recovery_api.clinic import kept_rows
from recovery_api.models import tables
from recovery_api.services.shelf import Shelf
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, record
from tests.clinic.visitor import Visitor


@pytest.fixture
def nurse(ben: Persona, ann: PatientPersona) -> Visitor:
    """Ben's browser, with Ann on the list."""
    record(ann, 6, symptoms=("fever",))
    return Visitor(ben)


def row(visitor: Visitor, path: str = "/worklist/rows") -> str:
    """Ann's row."""
    found = re.search(r'<tr class="row".*?</tr>', visitor.read(path), re.DOTALL)
    assert found is not None
    return found[0]


def test_a_kept_row_carries_the_token_and_the_wait_of_whoever_looks(
    clinic: BuiltClinic, nurse: Visitor, clock: ClockHand
) -> None:
    other = Visitor(make_clinician(clinic, "nurse"))
    tokens = {re.search(r'name="csrf" value="(\w{64})"', row(one))[1] for one in (nurse, other, nurse)}  # type: ignore[index]
    assert len(tokens) == 2
    assert ">0 min<" in row(nurse)
    clock.forward(minutes=7)
    assert ">7 min<" in row(other)
    assert not re.search(rf"{kept_rows._TOKEN}|{kept_rows._WAITED}", nurse.read("/worklist"))


def test_a_kept_row_is_made_again_with_whatever_changes(
    clinic: BuiltClinic, ann: PatientPersona, nurse: Visitor, clock: ClockHand
) -> None:
    other = Visitor(make_clinician(clinic, "nurse"))
    before = row(nurse)
    assert row(nurse) == before
    clock.forward(seconds=5)
    record(ann, 3)
    answered = row(nurse)
    assert '<b class="pain-now">3</b>' in answered
    patient = update(tables.patient).where(tables.patient.c.id == ann.id)
    with clinic.open() as scope:
        scope.connection.execute(patient.values(language="es"))
    assert "Spanish" in row(nurse)
    flag = re.search(r'id="row-([0-9a-f-]{36})"', answered)
    assert flag is not None
    nurse.post(f"/flags/{flag[1]}/acknowledge")
    assert "<bdi>You</bdi>" in row(nurse)
    assert "<bdi>You</bdi>" not in row(other)
    assert row(nurse, "/worklist/rows?show=mine")
    nurse.get("/language?to=es")
    assert "<bdi>Usted</bdi>" in row(nurse)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    shelf = Shelf[str](2)
    for place in range(3):
        shelf.keep(place, "stamp", str(place))
    assert [shelf.find(place, "stamp") for place in range(3)] == [None, "1", "2"]
    assert shelf.find(2, "another stamp") is None
