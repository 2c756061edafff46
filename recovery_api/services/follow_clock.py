"""Follow a clock that was put back: what waited for its minutes goes on waiting for what is left of them, no longer."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from recovery_api.db import ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.ladder import NEVER_WAITS
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.climb_ladder import queue_rung

NAME = "ladders"
BETWEEN_MACHINES = timedelta(seconds=2)  # so far may the clocks of two machines lie apart
_WAITS_FOR_MINUTES = ("rung", "page", "send_alert")


def follow_clock(vaults: Vaults, now: datetime) -> int:
    """Keep the latest time seen; where the clock shows less, move the rungs of grave flags back by as much.

    Texts and pages that were due already stay due. Returns how many rungs were moved, all in one transaction. What
    is lost is the time since the last look at most, never a wait.
    """
    with open_transaction() as connection:
        latest = _mark(connection, now)
        if latest - now <= BETWEEN_MACHINES:
            _keep(connection, max(latest, now))
            return 0
        moved = _move(connection, vaults, now, latest - now)
        _keep(connection, now)
    warn("clock.put_back", count=moved, late_seconds=(latest - now).total_seconds())
    return moved


def _mark(connection: Connection, now: datetime) -> datetime:
    """The latest time seen, held until the end of the transaction."""
    mark = tables.clock_mark
    connection.execute(insert(mark).values(name=NAME, latest_at=now).on_conflict_do_nothing())
    chosen = select(mark.c.latest_at).where(mark.c.name == NAME).with_for_update()
    latest: datetime = connection.execute(chosen).scalar_one()
    return latest


def _keep(connection: Connection, latest: datetime) -> None:
    mark = tables.clock_mark
    connection.execute(update(mark).where(mark.c.name == NAME).values(latest_at=latest))


def _move(connection: Connection, vaults: Vaults, now: datetime, back: timedelta) -> int:
    work = tables.due_work
    waiting = select(work.c.clinic_id).where(work.c.kind == "rung").distinct().order_by(work.c.clinic_id)
    clinics = connection.execute(waiting).scalars().all()
    moved = sum(_move_rungs(enter_clinic(connection, one, vaults), now, back) for one in clinics)
    jumps = (work.c.kind == "jump") & (work.c.due_at > now)
    connection.execute(update(work).where(jumps).values(due_at=work.c.due_at - back))
    were_due = (work.c.kind.in_(_WAITS_FOR_MINUTES)) & (work.c.due_at > now) & (work.c.due_at <= now + back)
    connection.execute(update(work).where(were_due).values(due_at=now))
    return moved


def _move_rungs(scope: ClinicScope, now: datetime, back: timedelta) -> int:
    """Those of the tiers that count by minutes; the others keep the hour at which the clinic opens."""
    flag = tables.flag
    rows = scope.connection.execute(
        update(flag)
        .where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.status.in_(("open", "acknowledged")),
            flag.c.tier.in_(NEVER_WAITS),
            flag.c.next_rung_at > now,
        )
        .values(next_rung_at=flag.c.next_rung_at - back)
        .returning(flag.c.id, flag.c.next_rung_at)
    ).all()
    for row in rows:
        queue_rung(scope, row.id, row.next_rung_at)
        add_event(scope, row.id, "rung_moved", now, detail={"to": row.next_rung_at.isoformat()})
    return len(rows)
