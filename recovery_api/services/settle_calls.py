"""Find calls that nobody is going to look at: put those not made yet back into the queue, end those without an end."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, exists, literal, select
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.call_script import Talk
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.end_call import end_call
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.place_calls import LIVE
from recovery_api.services.queue_calls import KIND

LONGEST_CALL = timedelta(minutes=30)
_PRIORITY = 5


def settle_calls(vaults: Vaults, now: datetime) -> int:
    """Look through every clinic's calls; returns how many were stranded or had no end, normally none."""
    return sum(_settle_clinic(clinic_id, vaults, now) for clinic_id in list_clinics())


def _settle_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        count = _requeue(scope) + _end_the_endless(scope, now)
    if count:
        warn("calls.settled", clinic_id=str(clinic_id), count=count)
    return count


def _requeue(scope: ClinicScope) -> int:
    call, work = tables.phone_call, tables.due_work
    queued = exists().where(work.c.clinic_id == call.c.clinic_id, work.c.kind == KIND, work.c.row_id == call.c.id)
    stranded = select(
        call.c.clinic_id, literal(KIND), call.c.id, call.c.due_at, literal(_PRIORITY), literal(real_now())
    ).where(call.c.clinic_id == scope.clinic_id, call.c.state.in_(LIVE), ~queued)
    columns = ["clinic_id", "kind", "row_id", "due_at", "priority", "held_until"]
    put_back = insert(work).from_select(columns, stranded, include_defaults=False).on_conflict_do_nothing()
    return len(scope.connection.execute(put_back.returning(work.c.row_id)).all())


def _end_the_endless(scope: ClinicScope, now: datetime) -> int:
    """A call whose last callback was lost: no call lasts half an hour."""
    call = tables.phone_call
    began_long_ago = case(
        (call.c.direction == "in", call.c.answered_at < now - LONGEST_CALL),
        else_=call.c.attempted_at < real_now() - LONGEST_CALL,
    )
    rows = scope.connection.execute(
        select(call)
        .where(
            call.c.clinic_id == scope.clinic_id,
            call.c.state.in_(("accepted", "under_way")),
            began_long_ago,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        end_call(
            scope, row, Talk.from_json(row.talk) if row.talk else None, "hung_up" if row.talk else "no_answer", now
        )
    return len(rows)
