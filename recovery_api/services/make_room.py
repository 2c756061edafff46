"""Make room in patients' days for reminders that fall due, as all at once after an outage: one leaves, others wait."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.day_room import DaySoFar, DueText, Left, Place, give_places
from recovery_api.domain.protocol_steps import NOT_TOLD_YET
from recovery_api.domain.wording import is_invitation
from recovery_api.models import tables
from recovery_api.services.lessons_told import was_told
from recovery_api.services.set_aside import ASIDE

_A_DAY = timedelta(hours=26)
_WAITING = ("planned", "throttled", "sending", "unknown")
_NEVER_LEFT = ("suppressed", "expired", "rejected", "canceled", "failed", "undelivered")
_TOLD_BY = (
    "patient_id", "purpose", "state", "text_key", "due_at", "created_at", "settled_at", "attempted_at",
)  # fmt: skip
# Of its own kind, so that it meets no other advisory lock; always in the order of the locks themselves.
_TURN = text("""
SELECT pg_advisory_xact_lock(4, place) FROM (
    SELECT DISTINCT hashtext(episode_id::text) AS place FROM reminder
    WHERE clinic_id = :clinic AND id = ANY(CAST(:ids AS uuid[])) ORDER BY place OFFSET 0
) AS places
""")


def take_turns(scope: ClinicScope, reminder_ids: Collection[UUID]) -> None:
    """Wait until nobody else hands over a reminder of the same recoveries, so that both see what the other sent."""
    scope.connection.execute(_TURN, {"clinic": scope.clinic_id, "ids": list(reminder_ids)})


def make_room(
    scope: ClinicScope, due: Sequence[AnyRow], now: datetime, without: Collection[UUID] = ()
) -> dict[UUID, Place]:
    """A place for each of these reminders that would be texted now, as if those of `without` were not there.

    The caller holds the turns of their recoveries.
    """
    if not due:
        return {}
    by_episode: dict[UUID, list[AnyRow]] = defaultdict(list)
    for row in due:
        by_episode[row.episode_id].append(row)
    left = _left(scope, {row.patient_id for row in due}, now)
    planned = _planned(scope, by_episode, {*without, *(row.id for row in due)}, now)
    places: dict[Any, Place] = {}
    for episode_id, rows in by_episode.items():
        zone = ZoneInfo(rows[0].zone)
        today = now.astimezone(zone).date()
        day = DaySoFar(
            [one for one in left[rows[0].patient_id] if one.at.astimezone(zone).date() == today],
            [one for one in planned[episode_id] if one.due_at.astimezone(zone).date() == today],
        )
        places |= give_places([_due(row) for row in rows], day, zone, now)
    return places


def wait(scope: ClinicScope, reminder_id: UUID, until: datetime) -> None:
    """Let a reminder fall due again at `until`; whoever claimed it gives it back."""
    reminder, work = tables.reminder, tables.due_work
    scope.connection.execute(
        update(reminder)
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id == reminder_id)
        .values(due_at=until)
    )
    scope.connection.execute(
        update(work)
        .where(work.c.clinic_id == scope.clinic_id, work.c.kind == "reminder", work.c.row_id == reminder_id)
        .values(due_at=until, held_until=real_now(), holder=None)
    )


def _due(row: AnyRow) -> DueText:
    return DueText(row.id, row.kind, row.due_at, row.expires_at, row.condition)


def _left(scope: ClinicScope, patient_ids: Collection[UUID], now: datetime) -> dict[UUID, list[Left]]:
    """The texts of the last day that we started, by patient; what waits in the outbox leaves now.

    What did not arrive takes nobody's room; an invitation takes that of lessons, and keeps nobody waiting.
    """
    message = tables.message
    rows = scope.connection.execute(
        select(*(message.c[name] for name in _TOLD_BY)).where(
            message.c.clinic_id == scope.clinic_id,
            message.c.patient_id.in_(list(patient_ids)),
            message.c.created_at > now - _A_DAY,
            message.c.direction == "out",
            message.c.purpose.in_(("reminder", "service")),
            message.c.in_reply_to_id.is_(None),
            message.c.state.not_in(_NEVER_LEFT),
            message.c.state.not_in(_WAITING) | (message.c.expires_at > now),
        )
    )
    left: dict[UUID, list[Left]] = defaultdict(list)
    for row in rows:
        is_own_words = row.purpose == "service" and row.text_key is None
        left[row.patient_id].append(Left(_left_at(row, now), is_own_words, is_invitation(row.text_key)))
    return left


def _left_at(message: AnyRow, now: datetime) -> datetime:
    """When a text left: as it was given to the carrier, however late the news of its arrival is."""
    if message.state in _WAITING:
        gone = now
    elif message.attempted_at is None:
        gone = message.settled_at or message.created_at
    else:
        gone = min(message.attempted_at, message.settled_at or now)
    left_at: datetime = max(message.created_at, message.due_at, gone)
    return left_at


def _planned(
    scope: ClinicScope, episode_ids: Iterable[UUID], but: Collection[UUID], now: datetime
) -> dict[UUID, list[DueText]]:
    """What else is planned for a day around now, by recovery, without what was set aside for its errors.

    Of what was missed and is told on this day after all, medicine alone has its room kept, unless it was told.
    """
    reminder, work = tables.reminder, tables.due_work
    rows = scope.connection.execute(
        select(reminder)
        .join(work, (work.c.clinic_id == reminder.c.clinic_id) & (work.c.row_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id.in_(list(episode_ids)),
            reminder.c.state == "planned",
            reminder.c.due_at.between(now - _A_DAY, now + _A_DAY),
            reminder.c.expires_at > now,
            reminder.c.id.not_in(list(but)),
            work.c.kind == "reminder",
            work.c.holder.is_distinct_from(ASIDE),
        )
    )
    planned: dict[UUID, list[DueText]] = defaultdict(list)
    for row in rows.all():
        if row.condition != NOT_TOLD_YET:
            planned[row.episode_id].append(_due(row))
        elif row.kind == "medication" and not was_told(scope, row.episode_id, row.text_key):
            planned[row.episode_id].append(replace(_due(row), condition=None))
    return planned
