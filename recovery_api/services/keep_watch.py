"""Keep what a look at ourselves found, and read it again: for the pages, for operators and for the heartbeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.domain.trial import STALE_AFTER
from recovery_api.models import tables

FRESH = {"coverage": timedelta(minutes=3), "trial": STALE_AFTER, "replies": timedelta(minutes=20)}
WORDS = {
    "coverage": "some patients, texts or flags may have nobody and nothing that looks at them",
    "trial": "the self-test did not pass",
    "replies": "no replies come in",
}


@dataclass(frozen=True, slots=True)
class Watched:
    """The latest look at one thing of one clinic; `trouble` is None where all was well."""

    clinic_id: UUID
    kind: str
    looked_at: datetime
    sound_at: datetime | None
    trouble: str | None
    counts: Mapping[str, Any]

    def is_well(self, real: datetime) -> bool:
        """Whether it was found well, and lately. A trial that has not passed yet since the start is no trouble."""
        last = self.looked_at if self.kind != "trial" or self.sound_at is None else self.sound_at
        return self.trouble is None and real - last <= FRESH[self.kind]


def keep_watch(
    connection: Connection, clinic_id: UUID, kind: str, trouble: str | None, counts: Mapping[str, Any]
) -> None:
    """Write one look, at real time; `counts` holds numbers and times alone."""
    real = real_now()
    values = {"looked_at": real, "trouble": trouble, "counts": dict(counts)}
    if trouble is None:
        values["sound_at"] = real
    row = insert(tables.watch).values(clinic_id=clinic_id, kind=kind, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["clinic_id", "kind"], set_=values))


def read_watches(connection: Connection, clinic_id: UUID | None = None) -> list[Watched]:
    """The latest looks of one clinic, or of all."""
    watch = tables.watch
    statement = select(watch).order_by(watch.c.clinic_id, watch.c.kind)
    if clinic_id is not None:
        statement = statement.where(watch.c.clinic_id == clinic_id)
    return [
        Watched(row.clinic_id, row.kind, row.looked_at, row.sound_at, row.trouble, row.counts)
        for row in connection.execute(statement)
    ]
