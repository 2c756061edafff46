"""Claim due work: rows by product time, held by real time, so that any number of workers never meet on one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, text, update

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.models import tables

LEASE = timedelta(seconds=60)

_CLAIM = text("""
WITH next AS (
    SELECT clinic_id, kind, row_id FROM due_work
    WHERE kind = :kind AND due_at <= :now AND held_until <= :real
    ORDER BY priority, due_at LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE due_work AS work SET held_until = :lease, holder = :holder
FROM next WHERE work.clinic_id = next.clinic_id AND work.kind = next.kind AND work.row_id = next.row_id
RETURNING work.clinic_id, work.row_id, work.holder, work.due_at
""")
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
        _CLAIM, {"kind": kind, "now": now, "real": real, "most": most, "lease": real + LEASE, "holder": holder}
    )
    return [Claim(row.clinic_id, row.row_id, row.due_at, kind) for row in rows]


def release(connection: Connection, kind: str, clinic_id: UUID, row_id: UUID, until: datetime) -> None:
    """Give work of one kind back; nobody takes it before `until`, in real time."""
    work = tables.due_work
    connection.execute(
        update(work)
        .where(work.c.clinic_id == clinic_id, work.c.kind == kind, work.c.row_id == row_id)
        .values(held_until=until, holder=None)
    )


def finish(connection: Connection, kind: str, clinic_id: UUID, row_id: UUID) -> None:
    """The work of one kind is done; other work on the same row stays."""
    work = tables.due_work
    connection.execute(delete(work).where(work.c.clinic_id == clinic_id, work.c.kind == kind, work.c.row_id == row_id))


def release_dead_holders(dead: Sequence[str]) -> None:
    """Free at once what processes that no longer live were holding."""
    work = tables.due_work
    with open_transaction() as connection:
        connection.execute(update(work).where(work.c.holder.in_(dead)).values(held_until=real_now(), holder=None))


def current_holders() -> list[str]:
    """Everybody who holds a row right now."""
    with open_transaction() as connection:
        return list(connection.execute(_HOLDERS, {"real": real_now()}).scalars())
