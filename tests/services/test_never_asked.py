"""An outage of the carrier in which no question leaves: nobody is silent, and the clinic is told whom nobody asked."""

from typing import Any

import pytest
from sqlalchemy import Row, select, update

from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.watch_silence import watch_silence
from tests.builders import ClockHand, PatientPersona


def live_days(patient: PatientPersona, clock: ClockHand, *states: str) -> list[Row[Any]]:
    """Days whose question gets this far and is not answered; returns the flags."""
    reminder, message = tables.reminder, tables.message
    for place, state in enumerate(states):
        with patient.clinic.open() as scope:
            chosen = select(reminder).where(reminder.c.kind == "check_in").order_by(reminder.c.due_at)
            asked = scope.connection.execute(chosen).all()[place]
            others = reminder.c.id != asked.id, reminder.c.local_on <= asked.local_on, reminder.c.state == "planned"
            scope.connection.execute(update(reminder).where(*others).values(state="skipped"))
        clock.set(asked.due_at)
        with patient.clinic.app.app_context():
            hand_over_due("tests:0:0", patient.clinic.wiring.vaults, asked.due_at)
            with patient.clinic.open() as scope:
                ours = message.c.reminder_id == asked.id
                scope.connection.execute(update(message).where(ours).values(state=state, settled_at=asked.due_at))
            clock.set(asked.expires_at)
            watch_silence("tests:0:0", patient.clinic.wiring.vaults, asked.expires_at)
    with patient.clinic.open() as scope:
        return list(scope.connection.execute(select(tables.flag)).all())


@pytest.mark.parametrize(
    "states",
    [("expired", "expired"), ("planned", "throttled"), ("undelivered", "expired"), ("delivered", "expired", "expired")],
    ids=" ".join,
)
def test_two_days_without_a_question_are_a_flag_and_no_silence(
    ann: PatientPersona, clock: ClockHand, states: tuple[str, ...]
) -> None:
    [flag] = live_days(ann, clock, *states)
    assert (flag.rule, flag.family, flag.tier) == ("MS-03", "delivery", "today")
    assert (flag.patient_id, flag.episode_id) == (ann.id, ann.episode_id)


@pytest.mark.parametrize(
    "states",
    [("expired",), ("expired", "delivered"), ("suppressed", "expired"), ("expired", "suppressed")],
    ids=" ".join,
)
def test_one_day_or_a_text_that_was_not_to_leave_is_none(
    ann: PatientPersona, clock: ClockHand, states: tuple[str, ...]
) -> None:
    assert [flag for flag in live_days(ann, clock, *states) if flag.family == "delivery"] == []


def test_a_week_without_questions_stays_one_flag(ann: PatientPersona, clock: ClockHand) -> None:
    [flag] = live_days(ann, clock, *["expired"] * 7)
    assert flag.repeats == 5
