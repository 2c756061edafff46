"""Choose tomorrow's lesson by what a patient told today: one at most, on a day that has room, with its reason kept."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.coaching import SLOT, Coaching, DayTold, choose_lesson
from recovery_api.domain.protocol import TEXTS_A_DAY
from recovery_api.domain.protocol_steps import NOT_TOLD_YET
from recovery_api.domain.readings import Reading
from recovery_api.domain.schedule import PlannedReminder, allowed_until, due_instant, local_instant
from recovery_api.models import tables
from recovery_api.services.find_protocol import pinned_protocol
from recovery_api.services.plan_reminders import add_reminders, plan_facts

_APART = timedelta(hours=1)
_HOURS = (0, 2, -2, 4, -4)


def coach_next_day(scope: ClinicScope, row: AnyRow, history: Sequence[Reading], now: datetime) -> int:
    """Plan a lesson for the day after `row.local_on`; returns 1 or 0.

    Who told of a symptom that day is in people's hands, and gets none.
    """
    told = [reading for reading in history if reading.local_on == row.local_on]
    if not told or any(reading.symptoms for reading in told):
        return 0
    facts = plan_facts(scope, row.episode_id)
    coaching, on = pinned_protocol(scope, facts.protocol_id, facts.version).coaching, row.local_on + timedelta(days=1)
    if coaching is None or on > facts.ends_on:
        return 0
    zone = ZoneInfo(facts.zone)
    said = _own_texts(scope, row.patient_id, row.local_on, zone)
    day = DayTold((row.local_on - facts.performed_on).days, {one.activity for one in told if one.activity}, said)
    chosen = choose_lesson(coaching, day, _sent_lately(scope, row.episode_id, on, coaching))
    due_at = _free_instant(scope, row.episode_id, on, coaching.at, zone) if chosen else None
    if chosen is None or due_at is None or due_at <= now:
        return 0
    lesson, reason = chosen
    until = allowed_until(due_at, zone)
    one = PlannedReminder("activity", on, SLOT, due_at, until, lesson.text_key, None, {"because": reason})
    return add_reminders(scope, facts, [one])


def _own_texts(scope: ClinicScope, patient_id: UUID, on: date, zone: ZoneInfo) -> list[str]:
    """What the patient wrote on one local day."""
    message = tables.message
    rows = scope.connection.execute(
        select(message.c.id, message.c.body_sealed).where(
            message.c.clinic_id == scope.clinic_id,
            message.c.patient_id == patient_id,
            message.c.direction == "in",
            message.c.created_at >= local_instant(zone, on, time()),
            message.c.created_at < local_instant(zone, on + timedelta(days=1), time()),
        )
    )
    return [scope.vault.open("message.body", row.id, row.body_sealed) for row in rows]


def _sent_lately(scope: ClinicScope, episode_id: UUID, on: date, coaching: Coaching) -> frozenset[str]:
    reminder = tables.reminder
    rows = scope.connection.execute(
        select(reminder.c.text_key).where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.slot == SLOT,
            reminder.c.local_on > on - coaching.again_after,
        )
    )
    return frozenset(rows.scalars())


def _free_instant(scope: ClinicScope, episode_id: UUID, on: date, at: time, zone: ZoneInfo) -> datetime | None:
    """An instant of the day an hour from its other texts; None where it holds as many as a day may."""
    reminder = tables.reminder
    chosen: Any = select(reminder.c.due_at).where(
        reminder.c.clinic_id == scope.clinic_id,
        reminder.c.episode_id == episode_id,
        reminder.c.local_on == on,
        reminder.c.state.in_(("planned", "handed_over")),
        reminder.c.condition.is_distinct_from(NOT_TOLD_YET),
    )
    others = scope.connection.execute(chosen).scalars().all()
    wanted = due_instant(zone, on, at)
    if wanted is None or len(others) >= TEXTS_A_DAY:
        return None
    for hours in _HOURS:
        due_at = due_instant(zone, on, (wanted + timedelta(hours=hours)).astimezone(zone).time())
        if due_at is not None and all(abs(due_at - other) >= _APART for other in others):
            return due_at
    return None
