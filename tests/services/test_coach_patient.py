"""A lesson for tomorrow by what was told today: one a day, with its reason, and none for who needs a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from recovery_api.domain.coaching import SLOT
from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.read_plan import read_plan
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.replan_episode import replan_episode
from recovery_api.services.watch_silence import watch_silence
from tests.builders import ClockHand, PatientPersona, check_in_body


def lessons(patient: PatientPersona) -> list[Row[Any]]:
    reminder = tables.reminder
    with patient.clinic.open() as scope:
        chosen = select(reminder).where(reminder.c.slot == SLOT).order_by(reminder.c.due_at)
        return list(scope.connection.execute(chosen))


def live_a_day(patient: PatientPersona, clock: ClockHand, place: int, **told: Any) -> Row[Any]:
    """A day's question is asked and answered, and its time runs out; returns the question."""
    reminder = tables.reminder
    with patient.clinic.open() as scope:
        chosen = select(reminder).where(reminder.c.kind == "check_in").order_by(reminder.c.due_at)
        asked = scope.connection.execute(chosen).all()[place]
    clock.set(asked.due_at)
    with patient.clinic.app.app_context():
        hand_over_due("tests:0:0", patient.clinic.wiring.vaults, asked.due_at)
        with patient.clinic.open() as scope:
            message = tables.message
            scope.connection.execute(update(message).where(message.c.state == "planned").values(state="delivered"))
        clock.forward(minutes=5)
        said = patient.post("/me/check-ins", json=check_in_body(patient, **told))
        assert said.status_code == 201, said.json
        watch_silence("tests:0:0", patient.clinic.wiring.vaults, asked.expires_at)
    return asked


def hand_over_until(patient: PatientPersona, until: datetime) -> None:
    """Everything that falls due leaves at its time and arrives."""
    reminder, message = tables.reminder, tables.message
    due = select(reminder.c.due_at).where(reminder.c.state == "planned", reminder.c.due_at <= until)
    with patient.clinic.open() as scope:
        moments = sorted(set(scope.connection.execute(due).scalars()))
    for moment in moments:
        with patient.clinic.app.app_context():
            hand_over_due("tests:0:0", patient.clinic.wiring.vaults, moment)
        with patient.clinic.open() as scope:
            scope.connection.execute(update(message).where(message.c.state == "planned").values(state="delivered"))


def test_a_day_in_bed_is_followed_by_one_lesson_with_its_reason(ann: PatientPersona, clock: ClockHand) -> None:
    asked = live_a_day(ann, clock, 0, activity={"level": "in_bed"})
    [lesson] = lessons(ann)
    assert (lesson.text_key, lesson.local_on, lesson.state) == (
        "coach_short_walks", asked.local_on + timedelta(days=1), "planned",
    )  # fmt: skip
    assert lesson.text_values["because"].startswith("short-walks: activity in_bed on day")
    with ann.clinic.open() as scope:
        replan_episode(scope, ann.episode_id, clock.now)
        plan = read_plan(scope, ann.id, None, SYSTEM, clock.now)
    assert [row.state for row in lessons(ann)] == ["planned"], "a plan that is made anew keeps it"
    assert [line.note for line in plan.lines if "in bed" in line.note] == ["short-walks: activity in bed on day 5"]
    live_a_day(ann, clock, 1, activity={"level": "in_bed"})
    hand_over_until(ann, lesson.due_at)
    assert [row.state for row in lessons(ann)] == ["handed_over"]
    assert len(lessons(ann)) == 1, "not again within a week"


@pytest.mark.parametrize(
    "told",
    [{"activity": {"level": "usual_day"}}, {"activity": {"level": "in_bed"}, "symptoms": ["fever"]}],
    ids=["well", "ill"],
)
def test_nobody_is_coached_without_a_cause_or_in_danger(
    ann: PatientPersona, clock: ClockHand, told: dict[str, Any]
) -> None:
    live_a_day(ann, clock, 0, **told)
    assert lessons(ann) == []


@pytest.mark.parametrize("state", ["planned", "handed_over"])
def test_a_day_that_is_full_gets_no_lesson(ann: PatientPersona, clock: ClockHand, state: str) -> None:
    with ann.clinic.open() as scope:
        reminder = tables.reminder
        first = scope.connection.execute(
            select(reminder).where(reminder.c.kind == "check_in").order_by(reminder.c.due_at)
        ).first()
        assert first is not None
        on = first.local_on + timedelta(days=1)
        on_it = select(reminder).where(reminder.c.local_on == on, reminder.c.condition.is_(None))
        known = scope.connection.execute(on_it).all()
        for number in range(3 - len(known)):
            row = {**known[0]._asdict(), "id": type(first.id)(int=number + 1), "kind": "rest", "slot": f"more {number}"}
            scope.connection.execute(reminder.insert(), row)
        of_day = (reminder.c.local_on == on) & reminder.c.condition.is_(None)
        scope.connection.execute(update(reminder).where(of_day).values(state=state))
    live_a_day(ann, clock, 0, activity={"level": "in_bed"})
    assert lessons(ann) == []
