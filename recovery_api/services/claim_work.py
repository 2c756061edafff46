"""Claim due work: rows by product time, held by real time, so that any number of workers never meet on one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select, text, update

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.models import tables
from recovery_api.prepared import Prepared

LEASE = timedelta(seconds=60)

_NEXT = """
WITH next AS (
    SELECT clinic_id, kind, row_id FROM due_work
    WHERE kind = :kind AND due_at <= :now AND held_until <= :real {gate}
    ORDER BY priority, due_at LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE due_work AS work SET held_until = :lease, holder = :holder
FROM next WHERE work.clinic_id = next.clinic_id AND work.kind = next.kind AND work.row_id = next.row_id
RETURNING work.clinic_id, work.row_id, work.holder, work.due_at, work.priority
"""
_WAITING = """
AND NOT EXISTS (SELECT FROM sender_state AS sender WHERE sender.clinic_id = due_work.clinic_id AND ({waits}))
"""
# Texts of a number that has to wait stay where they are, so that the most pressing of them is next when it may.
_CLAIMS = {
    "send_bulk": text(
        _NEXT.format(gate=_WAITING.format(waits="sender.bulk_after > :real OR sender.bulk_probe_at > :real"))
    ),
    "send_alert": text(_NEXT.format(gate=_WAITING.format(waits="sender.alert_probe_at > :real"))),
}
_CLAIM = text(_NEXT.format(gate=""))
_HOLDERS = text("SELECT DISTINCT holder FROM due_work WHERE held_until > :real AND holder IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of due work that this worker holds."""

    clinic_id: UUID
    row_id: UUID
    due_at: datetime
    kind: str


def claim_work(kind: str, holder: str, now: datetime, most: int) -> list[Claim]:
    """Take up to `most` due rows of one kind, the most pressing first, and hold them for a lease."""
    with open_transaction() as connection:
        return claim_in(connection, kind, holder, now, most)


def claim_in(connection: Connection, kind: str, holder: str, now: datetime, most: int) -> list[Claim]:
    """The same in the caller's transaction."""
    real = real_now()
    rows = connection.execute(
        _CLAIMS.get(kind, _CLAIM),
        {"kind": kind, "now": now, "real": real, "most": most, "lease": real + LEASE, "holder": holder},
    )
    # An UPDATE returns its rows in any order; what was due at one instant comes as it was made.
    pressing = sorted(rows, key=lambda row: (row.priority, row.due_at, row.row_id))
    return [Claim(row.clinic_id, row.row_id, row.due_at, kind) for row in pressing]


def claim_rows(connection: Connection, holder: str, clinic_id: UUID, row_ids: Sequence[UUID]) -> list[Claim]:
    """Hold those of these texts of one clinic that nobody holds, in their order, in the caller's transaction."""
    work, real = tables.due_work, real_now()
    free = (
        select(work.c.row_id)
        .where(
            work.c.clinic_id == clinic_id,
            work.c.row_id.in_(row_ids),
            work.c.kind.in_(("send_alert", "send_bulk")),
            work.c.held_until <= real,
        )
        .with_for_update(skip_locked=True)
    )
    taken = connection.execute(
        update(work)
        .where(work.c.clinic_id == clinic_id, work.c.kind.in_(("send_alert", "send_bulk")), work.c.row_id.in_(free))
        .values(held_until=real + LEASE, holder=holder)
        .returning(work.c.row_id, work.c.due_at, work.c.kind)
    )
    place = {row_id: number for number, row_id in enumerate(row_ids)}
    in_order = sorted(taken, key=lambda row: place[row.row_id])  # an UPDATE returns its rows in any order
    return [Claim(clinic_id, row.row_id, row.due_at, row.kind) for row in in_order]


def release(
    connection: Connection, kind: str, clinic_id: UUID, row_id: UUID, until: datetime, holder: str | None = None
) -> None:
    """Give work of one kind back; nobody takes it before `until`, in real time."""
    work = tables.due_work
    connection.execute(
        update(work)
        .where(work.c.clinic_id == clinic_id, work.c.kind == kind, work.c.row_id == row_id)
        .values(held_until=until, holder=holder)
    )


def finish(connection: Connection, kind: str, clinic_id: UUID, row_id: UUID) -> None:
    """The work of one kind is done; other work on the same row stays."""
    _FINISH.run(connection, {"clinic": clinic_id, "work": kind, "row": row_id})


_w = tables.due_work.c
_FINISH = Prepared(
    delete(tables.due_work).where(
        _w.clinic_id == bindparam("clinic"), _w.kind == bindparam("work"), _w.row_id == bindparam("row")
    )
)


def give_back(kind: str, holder: str, in_hand: Sequence[UUID]) -> int:
    """Free at once what `holder` holds of one kind beyond what it has in hand; returns how much."""
    work = tables.due_work
    lost = (work.c.kind == kind) & (work.c.holder == holder) & work.c.row_id.not_in(in_hand)
    with open_transaction() as connection:
        return connection.execute(update(work).where(lost).values(held_until=real_now(), holder=None)).rowcount


def release_dead_holders(dead: Sequence[str]) -> None:
    """Free at once what processes that no longer live were holding."""
    work = tables.due_work
    with open_transaction() as connection:
        connection.execute(update(work).where(work.c.holder.in_(dead)).values(held_until=real_now(), holder=None))


def current_holders() -> list[str]:
    """Everybody who holds a row right now."""
    with open_transaction() as connection:
        return list(connection.execute(_HOLDERS, {"real": real_now()}).scalars())
