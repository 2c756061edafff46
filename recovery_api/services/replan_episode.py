"""Plan an episode again after its zone, hour, procedure or visits changed: what is past or sent stays as it was."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.coaching import SLOT
from recovery_api.domain.schedule import PlannedReminder, plan_reminders
from recovery_api.domain.visit_news import MARK
from recovery_api.models import tables
from recovery_api.services.find_protocol import pinned_protocol
from recovery_api.services.plan_reminders import (
    AHEAD,
    add_reminders,
    circumstances,
    plan_facts,
    queue_reminders,
    wanted_reminders,
)
from recovery_api.services.withdraw_texts import WAITING, withdraw_texts

_Key = tuple[str, date, str]


def replan_episode(scope: ClinicScope, episode_id: UUID, now: datetime) -> None:
    """Bring the reminders that are still to come into line with the plan; none is planned once the episode ended.

    The caller holds the episode's row: of two who plan at once, the second sees what the first planned.
    """
    facts = plan_facts(scope, episode_id)
    today = now.astimezone(ZoneInfo(facts.zone)).date()
    end = min(facts.planned_until or today + AHEAD, facts.ends_on)
    over = facts.status == "ended" or facts.patient_status != "active"
    if not over:
        _take_back(scope, facts, now)
    planned = [] if over else wanted_reminders(scope, facts, today, end, now)
    wanted = {(one.kind, one.local_on, one.slot): one for one in planned}
    to_come = _planned(scope, episode_id, tables.reminder.c.due_at > now)
    standing = [*to_come, *_replaced(scope, episode_id, today, now)]
    _leave_queue(scope, [row.id for row in standing])
    moved = [_move(scope, facts, row, wanted.pop(_key(row))) for row in standing if _key(row) in wanted]
    queue_reminders(scope, moved)
    add_reminders(scope, facts, list(wanted.values()))
    kept = {row.id for row in moved}
    _replace(scope, [row.id for row in standing if row.state == "planned" and row.id not in kept], now)


def _key(row: AnyRow) -> _Key:
    return row.kind, row.local_on, row.slot


def _take_back(scope: ClinicScope, facts: AnyRow, now: datetime) -> None:
    """Take back what fell due, did not leave yet, as in an outage, and is not in the plan any more as it stands."""
    reminder = tables.reminder
    overdue = _planned(scope, facts.episode_id, (reminder.c.due_at <= now) & (reminder.c.expires_at > now))
    unsent = _unsent(scope, facts.episode_id, now)
    days = [row.local_on for row in (*overdue, *unsent)]
    if not days:
        return
    protocol, about = pinned_protocol(scope, facts.protocol_id, facts.version), circumstances(scope, facts, now)
    wanted = {(one.kind, one.local_on, one.slot): one for one in plan_reminders(protocol, about, min(days), max(days))}

    def is_stale(row: AnyRow) -> bool:
        one = wanted.get(_key(row))
        return one is None or (row.text_key, row.text_values) != (one.text_key, one.values)

    _leave_queue(scope, _replace(scope, [row.id for row in overdue if is_stale(row)], now))
    stay = set(withdraw_texts(scope, [row.message_id for row in unsent if is_stale(row)], now))
    _part(scope, stay)
    _replace(scope, [row.id for row in unsent if row.message_id in stay], now, "handed_over")


def _part(scope: ClinicScope, message_ids: set[UUID]) -> None:
    """Part withdrawn texts from their reminders, which may come back into the plan with a text of their own."""
    message = tables.message
    if message_ids:
        theirs = (message.c.clinic_id == scope.clinic_id, message.c.id.in_(message_ids))
        scope.connection.execute(update(message).where(*theirs).values(reminder_id=None))


def _unsent(scope: ClinicScope, episode_id: UUID, now: datetime) -> Sequence[AnyRow]:
    """Reminders whose texts wait in the outbox, as while the carrier is away, with the ids of the texts."""
    reminder, message = tables.reminder, tables.message
    return scope.connection.execute(
        select(reminder, message.c.id.label("message_id"))
        .join(message, (message.c.clinic_id == reminder.c.clinic_id) & (message.c.reminder_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.state == "handed_over",
            reminder.c.kind != "nudge",
            reminder.c.slot != SLOT,
            reminder.c.slot.not_like(f"%{MARK}%"),
            message.c.state.in_(WAITING),
            message.c.expires_at > now,
        )
    ).all()


def _planned(scope: ClinicScope, episode_id: UUID, when: ColumnElement[bool]) -> Sequence[AnyRow]:
    """Planned reminders that nobody is handing over at this moment; their places in the queue are held."""
    reminder, work = tables.reminder, tables.due_work
    return scope.connection.execute(
        select(reminder)
        .join(work, (work.c.clinic_id == reminder.c.clinic_id) & (work.c.row_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.state == "planned",
            when,
            reminder.c.kind != "nudge",
            reminder.c.slot != SLOT,
            reminder.c.slot.not_like(f"%{MARK}%"),
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


def _replace(scope: ClinicScope, reminder_ids: Sequence[UUID], now: datetime, standing: str = "planned") -> list[UUID]:
    """Take them out of the plan; returns those that still stood so, as nobody handed them over meanwhile."""
    reminder = tables.reminder
    if not reminder_ids:
        return []
    taken = scope.connection.execute(
        update(reminder)
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id.in_(reminder_ids), reminder.c.state == standing)
        .values(state="replaced", why="plan_changed", settled_at=now)
        .returning(reminder.c.id)
    )
    return list(taken.scalars())
