"""Which lessons of the plan a patient was told, and which of a day gives way to a question that is asked again."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.protocol_steps import NOT_TOLD_YET
from recovery_api.models import tables

_NEVER_LEFT = ("expired", "suppressed", "rejected", "failed", "undelivered")
_LESSONS = ("rest", "posture", "activity", "medication")


def was_told(scope: ClinicScope, episode_id: UUID, text_key: str) -> bool:
    """Whether a reminder with these words left in this recovery, or is leaving."""
    reminder, message = tables.reminder, tables.message
    told = (
        select(reminder.c.id)
        .join(message, (message.c.clinic_id == reminder.c.clinic_id) & (message.c.reminder_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.text_key == text_key,
            reminder.c.state == "handed_over",
            message.c.state.not_in(_NEVER_LEFT),
        )
    )
    return scope.connection.execute(told.limit(1)).first() is not None


def lesson_to_give_way(scope: ClinicScope, episode_id: UUID, on: date, after: datetime) -> UUID | None:
    """The last lesson of a local day that is still to come after an instant; None where the day has none.

    Questions, visits and what prepares for the procedure give way to nothing.
    """
    reminder = tables.reminder
    chosen = (
        select(reminder.c.id)
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.local_on == on,
            reminder.c.state == "planned",
            reminder.c.question.is_(None),
            reminder.c.kind.in_(_LESSONS),
            reminder.c.condition.is_distinct_from(NOT_TOLD_YET),
            reminder.c.due_at > after,
        )
        .order_by(reminder.c.due_at.desc())
        .limit(1)
    )
    found: UUID | None = scope.connection.execute(chosen).scalar()
    return found
