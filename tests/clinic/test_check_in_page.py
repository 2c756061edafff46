"""The form of a check-in that a clinician writes down: which day it is about, and what has to be mended in it."""

import re

import pytest
from sqlalchemy import select

from recovery_api.models import tables
from tests.builders import ClockHand, PatientPersona, Persona, record
from tests.clinic.visitor import Visitor


@pytest.fixture
def nurse(ben: Persona) -> Visitor:
    """Ben's browser."""
    return Visitor(ben)


def sent_along(form: str) -> dict[str, str]:
    """What a form carries beside what is typed."""
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.partition("<main")[2]))
    return {name: value for name, value in carried.items() if name not in ("csrf", "then")}


def test_an_answer_of_four_days_ago_is_corrected_on_its_own_day(ann: PatientPersona, nurse: Visitor) -> None:
    record(ann, 8, days_ago=4)
    found = re.search(r"/check-ins/([0-9a-f-]{36})", nurse.read(f"/patients/{ann.id}"))
    assert found is not None
    path = f"/patients/{ann.id}/check-ins/{found[1]}"
    assert "Corrected" in nurse.done(path, **sent_along(nurse.read(path)), pain="3")
    with ann.clinic.open() as scope:
        check_in = tables.check_in
        rows = scope.connection.execute(
            select(check_in.c.pain, check_in.c.local_on, check_in.c.day).order_by(check_in.c.version)
        ).all()
    first, second = rows
    assert (first.pain, second.pain) == (8, 3)
    assert (first.local_on, first.day) == (second.local_on, second.day)


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({"pills_otc": "a few"}, "pills_otc", "Pills without a prescription: Numbers are whole numbers."),
        ({"pills_total": "²"}, "pills_total", "Pills in all, if not known apart: Numbers are whole numbers."),
        ({"minutes_walked": "2000"}, "minutes_walked", "Minutes walked: must be from 0 to 1440"),
        ({"pain": "4", "on": "2026-11-10"}, "on", "Day that it is about: Give today or yesterday."),
        ({"pain": "4", "on": "2026-11-21"}, "on", "Day that it is about: Give today or yesterday."),
        ({"pain": "4", "on": "someday"}, "on", "Day that it is about: Give a day."),
    ],
    ids=["no number", "a small two", "too many", "long ago", "ahead", "no day"],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_lost(
    ann: PatientPersona, nurse: Visitor, given: dict[str, str], place: str, said: str
) -> None:
    answer = nurse.post(f"/patients/{ann.id}/check-ins", note="since the morning", **given)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert f'<a href="#{place}">' in answer.text
    assert f'id="{place}"' in answer.text
    assert "since the morning" in answer.text
    nurse.get("/language?to=es")
    assert said not in nurse.post(f"/patients/{ann.id}/check-ins", **given).text


def test_a_check_in_may_be_about_yesterday(ann: PatientPersona, nurse: Visitor) -> None:
    assert "recorded" in nurse.done(f"/patients/{ann.id}/check-ins", pain="4", on="2026-11-19")


def test_a_form_that_is_sent_twice_is_stored_once_for_ever(
    ann: PatientPersona, nurse: Visitor, clock: ClockHand
) -> None:
    path = f"/patients/{ann.id}/check-ins"
    first = sent_along(nurse.read(f"{path}/new"))
    wrong = nurse.post(path, **first, pain="4", pills_otc="a few")
    assert (wrong.status_code, sent_along(wrong.text)) == (422, first)
    said = first | {"pain": "8", "on": "2026-11-20", "symptom_fever": "1"}
    told = [re.findall(r"The check-in is recorded[^<]*", nurse.done(path, **said))]
    clock.forward(days=3)
    told.append(re.findall(r"The check-in is recorded[^<]*", nurse.done(path, **said)))
    assert told[0] == told[1] != []
    assert "This form was saved before, with other answers." in nurse.done(path, **said | {"pain": "3"})
    assert "recorded" in nurse.done(path, **sent_along(nurse.read(f"{path}/new")), pain="3")
    with ann.clinic.open() as scope:
        check_in = tables.check_in
        pains = select(check_in.c.pain).order_by(check_in.c.recorded_at)
        assert scope.connection.execute(pains).scalars().all() == [8, 3]
