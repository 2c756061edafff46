"""Plan an episode again after its zone, hour, procedure or visits changed: what is past or sent stays as it was."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.coaching import SLOT
from recovery_api.domain.schedule import PlannedReminder
from recovery_api.models import tables
from recovery_api.services.plan_reminders import (
    AHEAD,
    add_reminders,
    plan_facts,
    queue_reminders,
    wanted_reminders,
)

_Key = tuple[str, date, str]


def replan_episode(scope: ClinicScope, episode_id: UUID, now: datetime) -> None:
    """Bring the reminders that are still to come into line with the plan; none is planned once the episode ended.

    The caller holds the episode's row: of two who plan at once, the second sees what the first planned.
    """
    facts = plan_facts(scope, episode_id)
    today = now.astimezone(ZoneInfo(facts.zone)).date()
    end = min(facts.planned_until or today + AHEAD, facts.ends_on)
    over = facts.status == "ended" or facts.patient_status != "active"
    planned = [] if over else wanted_reminders(scope, facts, today, end, now)
    wanted = {(one.kind, one.local_on, one.slot): one for one in planned}
    standing = [*_still_to_come(scope, episode_id, now), *_replaced(scope, episode_id, today, now)]
    _leave_queue(scope, [row.id for row in standing])
    moved = [_move(scope, facts, row, wanted.pop(_key(row))) for row in standing if _key(row) in wanted]
    queue_reminders(scope, moved)
    add_reminders(scope, facts, list(wanted.values()))
    kept = {row.id for row in moved}
    _replace(scope, [row.id for row in standing if row.state == "planned" and row.id not in kept], now)


def _key(row: AnyRow) -> _Key:
    return row.kind, row.local_on, row.slot


def _still_to_come(scope: ClinicScope, episode_id: UUID, now: datetime) -> Sequence[AnyRow]:
    """Planned reminders that nobody is handing over at this moment; their places in the queue are held."""
    reminder, work = tables.reminder, tables.due_work
    return scope.connection.execute(
        select(reminder)
        .join(work, (work.c.clinic_id == reminder.c.clinic_id) & (work.c.row_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.state == "planned",
            reminder.c.due_at > now,
            reminder.c.kind != "nudge",
            reminder.c.slot != SLOT,
            work.c.kind == "reminder",
        )
        .with_for_update(of=work, skip_locked=True)
    ).all()


def _replaced(scope: ClinicScope, episode_id: UUID, today: date, now: datetime) -> Sequence[AnyRow]:
    """Reminders that a change, a hold or the lack of a phone took away; they come back where the plan wants them."""
    reminder = tables.reminder
    return scope.connection.execute(
        select(reminder).where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.kind != "nudge",
            reminder.c.slot != SLOT,
            (reminder.c.state == "replaced")
            | ((reminder.c.state == "skipped") & reminder.c.why.in_(("episode_not_active", "no_phone"))),
            reminder.c.local_on >= today,
            reminder.c.expires_at > now,
        )
    ).all()


def _leave_queue(scope: ClinicScope, reminder_ids: Sequence[UUID]) -> None:
    work = tables.due_work
    if reminder_ids:
        scope.connection.execute(
            delete(work).where(
                work.c.clinic_id == scope.clinic_id,
                work.c.kind.in_(("reminder", "unanswered")),
                work.c.row_id.in_(reminder_ids),
            )
        )


def _move(scope: ClinicScope, facts: AnyRow, row: AnyRow, wanted: PlannedReminder) -> AnyRow:
    """Give a standing reminder the time and words that the plan wants now."""
    reminder = tables.reminder
    values: Mapping[str, Any] = {
        "care_plan_id": facts.care_plan_id,
        "due_at": wanted.due_at,
        "expires_at": wanted.expires_at,
        "text_key": wanted.text_key,
        "question": wanted.question,
        "text_values": dict(wanted.values),
        "audience": wanted.audience,
        "condition": wanted.condition,
        "state": "planned",
        "why": None,
        "settled_at": None,
    }
    return scope.connection.execute(
        update(reminder)
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id == row.id)
        .values(**values)
        .returning(reminder.c.id, reminder.c.kind, reminder.c.due_at, reminder.c.expires_at)
    ).one()


def _replace(scope: ClinicScope, reminder_ids: Sequence[UUID], now: datetime) -> None:
    reminder = tables.reminder
    if reminder_ids:
        scope.connection.execute(
            update(reminder)
            .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id.in_(reminder_ids))
            .values(state="replaced", why="plan_changed", settled_at=now)
        )
