"""Heartbeats: a process says, after a cycle that it completed, that it is alive."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.models import tables

FORGOTTEN_AFTER = timedelta(days=1)


def forget_old_beats() -> None:
    """Delete what processes left that have not been seen for a day."""
    seen = tables.heartbeat
    with open_transaction() as connection:
        connection.execute(delete(seen).where(seen.c.beat_at < real_now() - FORGOTTEN_AFTER))


def beat(process: str, place: str) -> None:
    """Write that `process` at `place` completed a cycle just now, in real time."""
    now = real_now()
    row = insert(tables.heartbeat).values(process=process, place=place.rsplit(":", 1)[0], beat_at=now)
    with open_transaction() as connection:
        connection.execute(
            row.on_conflict_do_update(index_elements=["process", "place"], set_={"beat_at": row.excluded.beat_at})
        )
