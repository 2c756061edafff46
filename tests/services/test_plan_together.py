"""Many recoveries are planned together: the same plans as one by one, in as many statements as one takes."""

from collections import Counter
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, select, update

from recovery_api.models import tables
from recovery_api.services.plan_reminders import plan_ahead, plan_episode
from tests.builders import NOW, BuiltClinic, PatientPersona, make_patient
from tests.services.schedules import undone

LATER = NOW + timedelta(days=3)
VISITS = (NOW + timedelta(days=12, hours=4),)


@pytest.fixture
def three(ann: PatientPersona) -> list[PatientPersona]:
    """Ann, somebody in another zone with a visit, and somebody whose procedure is to come."""
    far = make_patient(ann.clinic, phone="+16465550161", zone="America/Phoenix", visits=VISITS)
    soon = make_patient(ann.clinic, phone="+16465550162", performed_on=NOW.date() + timedelta(days=4))
    return [ann, far, soon]


def plan(clinic: BuiltClinic) -> int:
    with clinic.app.app_context():
        return plan_ahead(clinic.wiring.vaults, LATER)


def plans(clinic: BuiltClinic) -> list[Any]:
    """Every reminder with its place in the queue."""
    row, work = tables.reminder.c, tables.due_work.c
    with clinic.open() as scope:
        return list(
            scope.connection.execute(
                select(row.episode_id, row.kind, row.local_on, row.slot, row.due_at, row.text_values, work.due_at)
                .select_from(tables.reminder)
                .join(tables.due_work, (work.row_id == row.id) & (work.kind == "reminder"))
                .order_by(row.episode_id, row.local_on, row.kind, row.slot)
            )
        )


def test_many_are_planned_as_each_would_be_alone(three: list[PatientPersona], database: Connection) -> None:
    clinic, before = three[0].clinic, len(plans(three[0].clinic))
    with undone(database), clinic.app.app_context():
        with clinic.open() as scope:
            added = sum(plan_episode(scope, one.episode_id, LATER) for one in three)
        alone = plans(clinic)
    assert plan(clinic) == added > 0
    assert plans(clinic) == alone
    assert len(alone) == before + added
    assert plan(clinic) == 0


def test_a_tick_plans_so_many_and_the_next_goes_on(three: list[PatientPersona]) -> None:
    clinic = three[0].clinic
    with clinic.app.app_context():
        added = [plan_ahead(clinic.wiring.vaults, LATER, most=2) for _ in range(3)]
    grown = Counter(row.episode_id for row in plans(clinic) if row.local_on > NOW.date() + timedelta(days=14))
    assert added[0] > 0 < added[1]
    assert (added[2], len(grown)) == (0, 3)


def test_one_that_cannot_be_planned_keeps_the_others_from_nothing(
    three: list[PatientPersona], capsys: pytest.CaptureFixture[str]
) -> None:
    clinic, lost = three[0].clinic, three[1]
    with clinic.open() as scope:
        plan_of = tables.care_plan.c.episode_id == lost.episode_id
        scope.connection.execute(update(tables.care_plan).where(plan_of).values(zone="Nowhere/Atall"))
    before = Counter(row.episode_id for row in plans(clinic))
    assert plan(clinic) > 0
    grown = Counter(row.episode_id for row in plans(clinic)) - before
    assert set(grown) == {three[0].episode_id, three[2].episode_id}
    said = "".join(capsys.readouterr())
    assert (str(lost.episode_id) in said, str(three[0].episode_id) in said) == (True, False)


def test_three_take_no_more_statements_than_one(
    three: list[PatientPersona], database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    execute = psycopg.Cursor.execute
    clinic, counts = three[0].clinic, []

    def count(cursor: Any, *said: Any, **known: Any) -> Any:
        asked.append(1)
        return execute(cursor, *said, **known)

    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    for due in (three[:1], three):
        with undone(database), clinic.open() as scope:
            late = tables.episode.c.id.not_in([one.episode_id for one in due])
            scope.connection.execute(
                update(tables.episode).where(late).values(planned_until=NOW.date() + timedelta(days=30))
            )
            asked.clear()
            assert plan(clinic) > 0
            counts.append(len(asked))
    assert counts[0] == counts[1]
