"""Read what lies before a patient: today's open items, the plan ahead and the visits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.protocol_steps import NOT_TOLD_YET
from recovery_api.domain.recovery_band import ExpectedRange
from recovery_api.models import tables
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.find_recovery import RunningRecovery, find_recovery
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.read_about import AboutPage, about_pages
from recovery_api.services.read_band import band_on
from recovery_api.services.shown_values import shown_values

# What is only told to whoever missed it stands in no plan before it was told.
_IS_CERTAIN = (tables.reminder.c.state == "handed_over") | tables.reminder.c.condition.is_distinct_from(NOT_TOLD_YET)


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One reminder as the patient sees it."""

    id: UUID
    kind: str
    local_date: date
    due_at: datetime
    expires_at: datetime
    question: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One follow-up visit."""

    id: UUID
    episode_id: UUID
    starts_at: datetime
    status: str
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Today:
    """The recovery that is running, as of today."""

    running: RunningRecovery
    day: int
    open_items: tuple[PlanItem, ...]
    next_visit: Visit | None
    expected_band: ExpectedRange
    about: Sequence[AboutPage]


def read_today(scope: ClinicScope, patient_id: UUID, now: datetime) -> Today:
    """The day number, what is open today, the next visit and the expected band. Raises NotFound."""
    running = find_recovery(scope, patient_id)
    today, day = local_day(now, running.zone), running.day(now)
    answered = _has_answered(scope, running.recovery.episode_id, today)
    rows = scope.connection.execute(
        _reminders(scope, running.recovery.episode_id).where(
            tables.reminder.c.local_on == today,
            tables.reminder.c.expires_at > now,
            tables.reminder.c.state.in_(("planned", "handed_over")),
            tables.reminder.c.kind != "nudge",
            _IS_CERTAIN,
        )
    )
    items = (_item(scope, running, row) for row in rows if not (answered and row.kind == "check_in"))
    visits = list_visits(scope, patient_id)
    coming = [visit for visit in visits if visit.starts_at > now and visit.status != "cancelled"]
    return Today(
        running=running,
        day=day,
        open_items=tuple(items),
        next_visit=coming[0] if coming else None,
        expected_band=band_on(scope, now, day).range_on(day, running.recovery.baseline_pain),
        about=about_pages([running.language]),
    )


def list_plan(
    scope: ClinicScope, patient_id: UUID, now: datetime, after: tuple[datetime, UUID] | None, limit: int
) -> list[PlanItem]:
    """What is still to come, in the order in which it falls due. Raises NotFound where no recovery is running."""
    running, reminder = find_recovery(scope, patient_id), tables.reminder
    statement = _reminders(scope, running.recovery.episode_id).where(
        reminder.c.state == "planned",
        reminder.c.kind != "nudge",
        _IS_CERTAIN,
        reminder.c.expires_at > now,
    )
    if after is not None:
        at, last = after
        statement = statement.where((reminder.c.due_at > at) | ((reminder.c.due_at == at) & (reminder.c.id > last)))
    return [_item(scope, running, row) for row in scope.connection.execute(statement.limit(limit))]


def list_visits(scope: ClinicScope, patient_id: UUID) -> list[Visit]:
    """Every visit of a patient, earliest first."""
    visit, episode = tables.appointment, tables.episode
    rows = scope.connection.execute(
        select(visit.c.id, visit.c.episode_id, visit.c.starts_at, visit.c.status, visit.c.sequence)
        .join(episode, (episode.c.clinic_id == visit.c.clinic_id) & (episode.c.id == visit.c.episode_id))
        .where(visit.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id)
        .order_by(visit.c.starts_at, visit.c.id)
    )
    return [Visit(row.id, row.episode_id, row.starts_at, row.status, row.sequence) for row in rows]


def _has_answered(scope: ClinicScope, episode_id: UUID, on: date) -> bool:
    check_in = tables.check_in
    statement = select(check_in.c.id).where(
        check_in.c.clinic_id == scope.clinic_id,
        check_in.c.episode_id == episode_id,
        check_in.c.local_on == on,
        check_in.c.pain.is_not(None),
    )
    return scope.connection.execute(statement.limit(1)).first() is not None


def _reminders(scope: ClinicScope, episode_id: UUID) -> Any:
    reminder = tables.reminder
    return (
        select(reminder)
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.episode_id == episode_id)
        .order_by(reminder.c.due_at, reminder.c.id)
    )


def _item(scope: ClinicScope, running: RunningRecovery, row: AnyRow) -> PlanItem:
    values = shown_values(row.text_values, running.language)
    return PlanItem(
        id=row.id,
        kind=row.kind,
        local_date=row.local_on,
        due_at=row.due_at,
        expires_at=row.expires_at,
        question=row.question,
        text=texts_of(scope).render(row.text_key, running.language, standing_values(scope) | values),
    )
