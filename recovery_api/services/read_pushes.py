"""A patient has opened the app: what was pushed is read, and the texts that waited for that do not leave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.models.pushes import UNREAD


def mark_pushes_read(scope: ClinicScope, patient_id: UUID, now: datetime) -> int:
    """Mark every push of a patient as read; returns how many texts stay here for it.

    A text that has left already is not touched. One that stays counts as asked: who reads and does not answer is
    silent like everybody else.
    """
    push, message, work = tables.push, tables.message, tables.due_work
    read = scope.connection.execute(
        update(push)
        .where(push.c.clinic_id == scope.clinic_id, push.c.patient_id == patient_id, push.c.state.in_(UNREAD))
        .values(state="read", settled_at=now)
        .returning(push.c.message_id)
    ).scalars()
    kept = list(
        scope.connection.execute(
            update(message)
            .where(message.c.clinic_id == scope.clinic_id, message.c.id.in_(set(read)), message.c.state == "planned")
            .values(state="read", settled_at=now)
            .returning(message.c.id)
        ).scalars()
    )
    scope.connection.execute(
        delete(work).where(
            work.c.clinic_id == scope.clinic_id,
            work.c.row_id.in_(kept),
            work.c.kind.in_(("send_alert", "send_bulk")),
        )
    )
    return len(kept)
