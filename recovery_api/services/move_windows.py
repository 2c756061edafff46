"""Move the hours of texts that wait to where the patient lives now, so that none is delivered at night there."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.consent import ASKED_FOR, next_window
from recovery_api.domain.local_time import allowed_until
from recovery_api.models import tables
from recovery_api.services.withdraw_texts import WAITING

_STARTED = ("reminder", "service")  # what we start; answers, safety texts and pages leave at any hour


def move_windows(scope: ClinicScope, patient_id: UUID, zone: ZoneInfo, now: datetime) -> None:
    """Bring every text that we started and that waits into the hours of `zone`: a reminder's end comes no later.

    What a clinician wrote, and an invitation, waits for the next hours for texts there.
    """
    message = tables.message
    waiting = scope.connection.execute(
        select(message.c.id, message.c.lane, message.c.purpose, message.c.due_at, message.c.expires_at)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.patient_id == patient_id,
            message.c.direction == "out",
            message.c.state.in_(WAITING),
            message.c.purpose.in_(_STARTED),
            message.c.in_reply_to_id.is_(None),
            message.c.text_key.is_(None) | message.c.text_key.not_in(ASKED_FOR),
        )
        .order_by(message.c.id)
        .with_for_update()
    )
    for row in waiting.all():
        _move(scope, row, _hours(row, zone, now))


def _hours(row: AnyRow, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    at = max(row.due_at, now)
    if row.purpose == "reminder":
        return row.due_at, min(row.expires_at, max(allowed_until(at, zone), row.due_at))
    return next_window(at, zone)


def _move(scope: ClinicScope, row: AnyRow, hours: tuple[datetime, datetime]) -> None:
    due_at, expires_at = hours
    _write(scope, tables.message, tables.message.c.id == row.id, due_at=due_at, expires_at=expires_at)
    work = tables.due_work
    of_row = (work.c.row_id == row.id) & (work.c.kind == f"send_{row.lane}")
    _write(scope, work, of_row, due_at=due_at)


def _write(scope: ClinicScope, table: Any, which: Any, **values: datetime) -> None:
    scope.connection.execute(update(table).where(table.c.clinic_id == scope.clinic_id, which).values(**values))
