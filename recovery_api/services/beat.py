"""Heartbeats: a process says, after a cycle that it completed, that it is alive."""

from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.models import tables


def beat(process: str, place: str) -> None:
    """Write that `process` at `place` completed a cycle just now, in real time."""
    now = real_now()
    row = insert(tables.heartbeat).values(process=process, place=place.rsplit(":", 1)[0], beat_at=now)
    with open_transaction() as connection:
        connection.execute(
            row.on_conflict_do_update(index_elements=["process", "place"], set_={"beat_at": row.excluded.beat_at})
        )
