"""Read check-ins as they were reported: one version of one, or a patient's history in its latest versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.lateness import minutes_late, timing_of
from recovery_api.models import tables
from recovery_api.services.advise import Advice


@dataclass(frozen=True, slots=True)
class CheckInActivity:
    """What the patient did that day."""

    level: str | None
    minutes_walked: int | None


@dataclass(frozen=True, slots=True)
class CheckInMedication:
    """Pills taken that day."""

    otc: int | None
    prescribed: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class CheckInRead:
    """One version of one check-in, in clear."""

    id: UUID
    version: int
    client_id: UUID | None
    day: int
    local_date: date
    recorded_at: datetime
    received_at: datetime
    timing: str
    claimed_at: datetime | None
    minutes_late: int
    channel: str
    answered_by: str
    pain: int | None
    activity: CheckInActivity | None
    medication: CheckInMedication | None
    symptoms: tuple[str, ...]
    note: str | None
    advice: Advice | None


def read_check_in(scope: ClinicScope, check_in_id: UUID, version: int) -> CheckInRead:
    """One version of a check-in that is there."""
    scope.flush()
    check_in = tables.check_in
    row = scope.connection.execute(
        select(check_in).where(
            check_in.c.clinic_id == scope.clinic_id, check_in.c.id == check_in_id, check_in.c.version == version
        )
    ).one()
    return _read(scope, row)


def as_stored(scope: ClinicScope, row: Mapping[str, Any]) -> CheckInRead:
    """A check-in as it will be read once what was just written is committed."""
    return _read(scope, SimpleNamespace(**row))


def list_check_ins(
    scope: ClinicScope,
    patient_id: UUID,
    since: datetime | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[CheckInRead]:
    """A patient's check-ins recorded `since` then, oldest first, each in its latest version; `after` one of them."""
    check_in, episode = tables.check_in, tables.episode
    newest = (
        select(check_in, func.max(check_in.c.version).over(partition_by=check_in.c.id).label("newest"))
        .join(episode, (episode.c.clinic_id == check_in.c.clinic_id) & (episode.c.id == check_in.c.episode_id))
        .where(check_in.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id)
        .subquery()
    )
    statement = (
        select(newest)
        .where(newest.c.version == newest.c.newest)
        .order_by(newest.c.recorded_at, newest.c.id)
        .limit(limit)
    )
    if since is not None:
        statement = statement.where(newest.c.recorded_at >= since)
    if after is not None:
        at, last = after
        statement = statement.where((newest.c.recorded_at > at) | ((newest.c.recorded_at == at) & (newest.c.id > last)))
    return [_read(scope, row) for row in scope.connection.execute(statement)]


def read_latest(scope: ClinicScope, patient_id: UUID, ids: Sequence[UUID]) -> list[CheckInRead]:
    """Some of a patient's check-ins, each in its latest version."""
    check_in, episode = tables.check_in, tables.episode
    rows = scope.connection.execute(
        select(check_in)
        .join(episode, (episode.c.clinic_id == check_in.c.clinic_id) & (episode.c.id == check_in.c.episode_id))
        .where(check_in.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id, check_in.c.id.in_(ids))
        .order_by(check_in.c.id, check_in.c.version.desc())
        .ext(distinct_on(check_in.c.id))
    )
    return [_read(scope, row) for row in rows]


def _read(scope: ClinicScope, row: AnyRow | SimpleNamespace) -> CheckInRead:
    advice = scope.open("check_in.advice", row.id, row.advice_sealed)
    activity = CheckInActivity(row.activity_level, row.minutes_walked)
    medication = CheckInMedication(row.pills_otc, row.pills_prescribed, row.pills_total)
    return CheckInRead(
        id=row.id,
        version=row.version,
        client_id=row.client_id,
        day=row.day,
        local_date=row.local_on,
        recorded_at=row.recorded_at,
        received_at=row.received_at,
        timing=timing_of(row.recorded_at, row.received_at, row.claimed_at),
        claimed_at=row.claimed_at,
        minutes_late=minutes_late(row.recorded_at, row.received_at),
        channel=row.channel,
        answered_by=row.answered_by,
        pain=row.pain,
        activity=activity if activity != CheckInActivity(None, None) else None,
        medication=medication if medication != CheckInMedication(None, None, None) else None,
        symptoms=tuple(row.symptoms),
        note=scope.open("check_in.note", row.id, row.note_sealed),
        advice=Advice.from_json(advice) if advice else None,
    )
