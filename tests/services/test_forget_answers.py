"""Answers under an Idempotency-Key are forgotten once nobody can come with the key again; check-ins need none."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from jobs.runner import JobsApp
from jobs.timetable import TIMETABLE
from recovery_api.models import tables
from recovery_api.services import forget_answers as forgetting
from tests.builders import BuiltClinic, PatientPersona, check_in_body
from tests.services.scripted_carrier import RealTime


def kept(clinic: BuiltClinic) -> int:
    with clinic.open() as scope:
        return int(scope.connection.execute(select(func.count()).select_from(tables.idempotency_key)).scalar_one())


def forget(clinic: BuiltClinic, real: RealTime, after: timedelta) -> int:
    """What the ticker does so long from now, in real time, by which the ids of the rows are made."""
    [job] = [one for one in TIMETABLE if one.name == "forget_answers"]
    before, real.now = real.now, datetime.fromtimestamp(time.time(), UTC) + after
    with clinic.app.app_context():
        count = job.run(JobsApp(clinic.app, clinic.wiring, "tests:0:0"), real.now)
    real.now = before
    return count


def test_an_answer_is_given_again_for_31_days_and_a_check_in_is_one_row_for_ever(
    ann: PatientPersona, real: RealTime
) -> None:
    key, body = {"Idempotency-Key": "made-on-a-phone-1"}, check_in_body(ann)
    first = ann.post("/me/check-ins", json=body, headers=key)
    assert forget(ann.clinic, real, timedelta(days=30, hours=23)) == 0
    assert ann.post("/me/check-ins", json=body, headers=key).headers["Idempotent-Replayed"] == "true"
    assert (forget(ann.clinic, real, timedelta(days=31, hours=1)), kept(ann.clinic)) == (1, 0)
    again = ann.post("/me/check-ins", json=body, headers=key)
    assert "Idempotent-Replayed" not in again.headers
    assert (again.status_code, again.json) == (200, first.json)
    with ann.clinic.open() as scope:
        assert len(scope.connection.execute(select(tables.check_in.c.id)).all()) == 1


def test_many_old_answers_are_forgotten_in_several_turns(
    ann: PatientPersona, real: RealTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    for number in range(3):
        ann.post("/me/check-ins", json=check_in_body(ann), headers={"Idempotency-Key": f"k-{number}"})
    turns = [forget(ann.clinic, real, timedelta(days=32)) for _ in range(3)]
    assert (turns, kept(ann.clinic)) == ([2, 1, 0], 0)
