"""A recovery and its check-ins so far, as the rules read them: each in its latest version, the oldest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, exists, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.readings import Reading
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.prepared import Prepared


class KnownReading(NamedTuple):
    """A stored check-in in its latest version, and the reading that the rules make of it."""

    id: UUID
    version: int
    reading: Reading
    channel: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """The recovery that a check-in belongs to, as the road needs it; `history` where it was read with it already."""

    patient_id: UUID
    episode_id: UUID
    procedure_on: date
    baseline_pain: int | None
    history: Sequence[KnownReading] | None = None


_c = tables.check_in.c
READING = (
    _c.id, _c.version, _c.day, _c.local_on, _c.recorded_at, _c.received_at, _c.pain, _c.symptoms, _c.activity_level,
    _c.minutes_walked, _c.words_tier, _c.words_because, _c.channel, _c.pills_otc, _c.pills_prescribed, _c.pills_total,
)  # fmt: skip
_HISTORY = Prepared(select(*READING).where(_c.clinic_id == bindparam("clinic"), _c.episode_id == bindparam("episode")))


_newer = tables.check_in.alias("newer")
NEWEST = ~exists().where(
    _newer.c.clinic_id == _c.clinic_id, _newer.c.id == _c.id, _newer.c.version > _c.version
)  # of a check-in that was mended, the version that holds


def read_history(scope: ClinicScope, episode_id: UUID) -> list[KnownReading]:
    """An episode's check-ins, oldest first, each in its latest version."""
    return latest_versions(_HISTORY.rows(scope.connection, {"clinic": scope.clinic_id, "episode": episode_id}))


def latest_versions(rows: Iterable[AnyRow]) -> list[KnownReading]:
    """The readings in rows of check-ins, oldest first, each in its latest version."""
    latest: dict[UUID, AnyRow] = {}
    for row in sorted(rows, key=lambda row: row.version):
        latest[row.id] = row
    return [_known(row) for row in sorted(latest.values(), key=lambda row: (row.recorded_at, row.received_at))]


def _known(row: AnyRow) -> KnownReading:
    reading = Reading(
        day=row.day,
        local_on=row.local_on,
        recorded_at=row.recorded_at,
        pain=row.pain,
        symptoms=frozenset(row.symptoms),
        activity=row.activity_level,
        minutes_walked=row.minutes_walked,
        words_tier=Tier(row.words_tier) if row.words_tier else None,
        words_because=row.words_because or "",
        pills_otc=row.pills_otc,
        pills_prescribed=row.pills_prescribed,
        pills_total=row.pills_total,
    )
    return KnownReading(row.id, row.version, reading, row.channel)
