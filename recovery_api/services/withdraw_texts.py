"""Withdraw texts that have not left yet: they stay here, with a record."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update

from recovery_api.db import ClinicScope
from recovery_api.models import tables

WAITING = ("planned", "throttled")


def withdraw_texts(scope: ClinicScope, message_ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
    """These texts never leave, unless they have by now; returns those that stay here."""
    if not message_ids:
        return []
    message, work = tables.message, tables.due_work
    gone = scope.connection.execute(
        update(message)
        .where(message.c.clinic_id == scope.clinic_id, message.c.id.in_(message_ids), message.c.state.in_(WAITING))
        .values(state="suppressed", settled_at=now)
        .returning(message.c.id)
    )
    ids = gone.scalars().all()
    scope.connection.execute(delete(work).where(work.c.clinic_id == scope.clinic_id, work.c.row_id.in_(ids)))
    return ids
