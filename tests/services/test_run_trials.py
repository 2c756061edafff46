"""The trial of the whole road: green when text, rule, flag, page and answer all work, red when one of them does not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from recovery_api.domain.trial import EVERY, MUST_PASS_WITHIN, PATIENT_PHONE, SINK_PHONE
from recovery_api.gateways.trial_road import RoadClosed
from recovery_api.models import tables
from recovery_api.services.keep_watch import Watched, read_watches
from recovery_api.services.run_trials import run_trials
from tests.builders import BuiltClinic, PatientPersona, Persona, record
from tests.services.outbox import Outbox
from tests.services.phone import Phone


class Road:
    """The way of the trial's words; it may be closed."""

    def __init__(self, clinic: BuiltClinic) -> None:
        self._clinic = clinic
        self.is_open, self.texted = True, []

    def text(self, phone: str, number: str, body: str) -> None:
        if not self.is_open:
            raise RoadClosed("ConnectionError")
        self.texted.append(phone)
        Phone(self._clinic, phone).send(body)


@pytest.fixture
def road(clinic: BuiltClinic) -> Road:
    return Road(clinic)


def step(outbox: Outbox, road: Road, *, sends: bool = True) -> int:
    """One tick of the trials, and one round of the sender of pages."""
    with outbox.clinic.app.app_context():
        made = run_trials(road, outbox.clinic.wiring.vaults, timedelta(), outbox.clock.now)
    if sends:
        outbox.work("alert")
    return made


def trials(clinic: BuiltClinic) -> list[Any]:
    with clinic.open() as scope:
        return list(scope.connection.execute(select(tables.trial).order_by(tables.trial.c.id)).all())


def watched(clinic: BuiltClinic) -> Watched:
    with clinic.open() as scope:
        [found] = [one for one in read_watches(scope.connection, clinic.id) if one.kind == "trial"]
    return found


def test_the_whole_road_is_tried_and_found_sound(outbox: Outbox, road: Road) -> None:
    for _ in range(3):
        step(outbox, road)
        outbox.real.forward(seconds=3)
    [trial] = trials(outbox.clinic)
    assert (trial.state, trial.why, road.texted) == ("passed", None, [PATIENT_PHONE, SINK_PHONE])
    assert trial.begun_at <= trial.texted_at <= trial.paged_at <= trial.answered_at <= trial.ended_at
    assert watched(outbox.clinic).is_well(outbox.real.now)
    assert {text.to for text in outbox.carrier.taken.values()} == {PATIENT_PHONE, SINK_PHONE}, "nobody else is told"
    assert {flag.status for flag in outbox.flags()} == {"resolved"}


def test_the_next_trial_comes_after_a_quarter_of_an_hour(outbox: Outbox, road: Road) -> None:
    for _ in range(3):
        step(outbox, road)
    assert step(outbox, road) == 0
    outbox.real.forward(minutes=15)
    for _ in range(3):
        step(outbox, road)
    assert [trial.state for trial in trials(outbox.clinic)] == ["passed", "passed"]


def test_a_page_that_does_not_leave_turns_it_red(outbox: Outbox, road: Road) -> None:
    for _ in range(3):
        step(outbox, road, sends=False)
    outbox.real.forward(seconds=MUST_PASS_WITHIN.total_seconds() + 1)
    step(outbox, road, sends=False)
    assert (trials(outbox.clinic)[0].state, watched(outbox.clinic).trouble) == ("failed", "after_texted")
    assert not watched(outbox.clinic).is_well(outbox.real.now)


def test_a_web_hook_that_does_not_answer_turns_it_red_at_once_and_it_recovers(outbox: Outbox, road: Road) -> None:
    road.is_open = False
    step(outbox, road)
    assert watched(outbox.clinic).trouble == "text_ConnectionError"
    road.is_open = True
    outbox.real.forward(minutes=3)
    for _ in range(3):
        step(outbox, road)
    assert watched(outbox.clinic).is_well(outbox.real.now)


def test_trials_that_stop_are_red_in_the_end(outbox: Outbox, road: Road) -> None:
    for _ in range(3):
        step(outbox, road)
    assert watched(outbox.clinic).is_well(outbox.real.now + 2 * EVERY)
    assert not watched(outbox.clinic).is_well(outbox.real.now + 3 * EVERY)


def test_the_synthetic_patient_is_on_no_list_and_in_no_count(outbox: Outbox, road: Road, ben: Persona) -> None:
    record(outbox.patient, 3, symptoms=("fever",))
    for _ in range(2):
        step(outbox, road, sends=True)
    patient: PatientPersona = outbox.patient
    assert [one["id"] for one in ben.get("/patients").json["items"]] == [str(patient.id)]
    assert [one["patient_id"] for one in ben.get("/flags").json["items"]] == [str(patient.id)]
    assert ben.get("/inbox").json["items"] == []
    assert ben.get("/patients", query_string={"q": "self"}).json["items"] == []


def test_a_new_clinic_waits_for_its_first_trial(outbox: Outbox, road: Road) -> None:
    with outbox.clinic.app.app_context():
        vaults = outbox.clinic.wiring.vaults
        assert [run_trials(road, vaults, EVERY, outbox.clock.now) for _ in range(2)] == [0, 0]
        outbox.real.forward(minutes=15)
        assert run_trials(road, vaults, EVERY, outbox.clock.now) == 1
