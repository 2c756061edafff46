"""Find texts that have not left and that nobody is going to look at, and put them back into the queue."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import case, exists, literal, select
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.outbox_rows import LIVE
from recovery_api.services.queue_texts import PRIORITIES


def requeue_texts(vaults: Vaults, now: datetime) -> int:
    """Give every stranded text of every clinic its place in the queue again; returns how many, normally none."""
    return sum(_requeue_clinic(clinic_id, vaults, now) for clinic_id in list_clinics())


def _requeue_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        count = _requeue(scope, now)
    if count:
        warn("texts.requeued", clinic_id=str(clinic_id), count=count)
    return count


def _requeue(scope: ClinicScope, now: datetime) -> int:
    message, work = tables.message, tables.due_work
    queued = exists().where(work.c.clinic_id == message.c.clinic_id, work.c.row_id == message.c.id)
    stranded = select(
        message.c.clinic_id,
        literal("send_").concat(message.c.lane),
        message.c.id,
        literal(now),
        case(PRIORITIES, value=message.c.purpose),
        literal(real_now()),
    ).where(message.c.clinic_id == scope.clinic_id, message.c.direction == "out", message.c.state.in_(LIVE), ~queued)
    columns = ["clinic_id", "kind", "row_id", "due_at", "priority", "held_until"]
    put_back = insert(work).from_select(columns, stranded, include_defaults=False).on_conflict_do_nothing()
    return len(scope.connection.execute(put_back.returning(work.c.row_id)).all())
