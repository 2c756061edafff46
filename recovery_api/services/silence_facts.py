"""Since when a patient is silent: the days that were asked about, and the last day that was heard of."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.db import ClinicScope
from recovery_api.domain.protocol_steps import NOT_TOLD_YET
from recovery_api.models import tables

LEFT = ("accepted", "queued", "sent", "delivered", "read", "unknown")


def days_asked(scope: ClinicScope, episode_id: UUID) -> set[date]:
    """The local days whose question left: who was never asked is not silent."""
    reminder, message = tables.reminder, tables.message
    rows = scope.connection.execute(
        select(reminder.c.local_on)
        .join(message, (message.c.clinic_id == reminder.c.clinic_id) & (message.c.reminder_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.kind == "check_in",
            reminder.c.state == "handed_over",
            message.c.state.in_(LEFT),
        )
    )
    return set(rows.scalars())


def last_heard(scope: ClinicScope, episode_id: UUID) -> date | None:
    """The last local day that the patient reported anything about."""
    check_in = tables.check_in
    found: date | None = scope.connection.execute(
        select(func.max(check_in.c.local_on)).where(
            check_in.c.clinic_id == scope.clinic_id, check_in.c.episode_id == episode_id
        )
    ).scalar()
    return found


def wrote_since_asked(scope: ClinicScope, episode_id: UUID, on: date) -> bool:
    """Whether any text of theirs came after that day's question was handed over."""
    reminder, message = tables.reminder, tables.message
    asked_at = (
        select(func.min(reminder.c.settled_at))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.kind == "check_in",
            reminder.c.local_on == on,
        )
        .scalar_subquery()
    )
    written = select(message.c.id).where(
        message.c.clinic_id == scope.clinic_id,
        message.c.patient_id
        == select(tables.episode.c.patient_id)
        .where(tables.episode.c.clinic_id == scope.clinic_id, tables.episode.c.id == episode_id)
        .scalar_subquery(),
        message.c.direction == "in",
        message.c.created_at > asked_at,
    )
    return scope.connection.execute(written.limit(1)).first() is not None


def texts_of_day(scope: ClinicScope, episode_id: UUID, on: date) -> int:
    """How many texts of the plan a day has; what may not be sent counts once it was.

    That is a question that is asked again, and what only tells who was not told yet.
    """
    reminder = tables.reminder
    chosen = select(func.count()).where(
        reminder.c.clinic_id == scope.clinic_id,
        reminder.c.episode_id == episode_id,
        reminder.c.local_on == on,
        reminder.c.state.in_(("planned", "handed_over")),
        (reminder.c.state == "handed_over")
        | ((reminder.c.kind != "nudge") & reminder.c.condition.is_distinct_from(NOT_TOLD_YET)),
    )
    return int(scope.connection.execute(chosen).scalar_one())
