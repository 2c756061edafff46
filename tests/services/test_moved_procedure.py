"""An answer that arrives in the very transaction that moves a procedure, on a database that really commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from recovery_api.services.answer_call import Keys, answer_in, hear_keys
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.record_audit import SYSTEM
from tests.builders import BuiltClinic, ClockHand, PatientPersona, make_clinic, make_patient
from tests.services.phone import Phone
from tests.services.test_flag_races import wait_until_somebody_waits

Answer = Callable[[], Any]
CALL = "CA" + "5" * 32


def by_text(patient: PatientPersona) -> Answer:
    """A text with a score."""
    phone = Phone(patient.clinic, patient.phone)
    return lambda: phone.send("PAIN 6")


def by_call(patient: PatientPersona) -> Answer:
    """The key that confirms a score in a call."""
    clinic = patient.clinic
    vaults = clinic.wiring.vaults
    with clinic.app.app_context():
        call = answer_in(clinic.number, patient.phone, CALL, vaults, clinic.wiring.clock.now()).call_id
    for step, digits in enumerate(("1", "6")):
        press(clinic, call, step, digits)
    return lambda: press(clinic, call, 2, "1")


def press(clinic: BuiltClinic, call: UUID, step: int, digits: str) -> None:
    with clinic.app.app_context():
        hear_keys(clinic.id, call, CALL, Keys(step, digits), clinic.wiring.vaults, clinic.wiring.clock.now())


@pytest.mark.parametrize("ready", [by_text, by_call])
def test_an_answer_that_waits_for_a_procedure_to_be_moved_is_counted_from_its_new_day(
    app: Flask, clock: ClockHand, ready: Callable[[PatientPersona], Answer]
) -> None:
    patient = make_patient(make_clinic(app), phone="+12125550163")
    answer = ready(patient)
    moved_to = clock.now.date() - timedelta(days=2)
    with ThreadPoolExecutor(1) as pool:
        with patient.clinic.open() as scope:
            change_episode(scope, patient.episode_id, EpisodeChanges(performed_on=moved_to), SYSTEM, clock.now)
            scope.flush()
            given = pool.submit(answer)
            wait_until_somebody_waits(patient.clinic.wiring.settings.database_admin_url)
        given.result(timeout=10)
    told = [(row.pain, row.day, row.version) for row in Phone(patient.clinic, patient.phone).rows("check_in")]
    assert told == [(6, 2, 1)]
