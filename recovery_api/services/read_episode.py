"""Read one recovery: its procedure, its plan, and where the patient stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.hold_episode import HoldRead
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class ProcedureRead:
    """The procedure: its day, and the vertebrae treated."""

    performed_on: date
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProtocolRead:
    """The published version that the plan is pinned to."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class ThinnerRead:
    """The day to start a blood thinner again, and whether the patient says that it was."""

    restart_on: date | None
    started: bool | None


@dataclass(frozen=True, slots=True)
class EpisodeRead:
    """One recovery; `day` counts from the procedure by the patient's calendar."""

    id: UUID
    patient_id: UUID
    status: str
    day: int
    procedure: ProcedureRead
    baseline_pain: int | None
    protocol: ProtocolRead
    zone: str
    check_in_time: time
    blood_thinner: ThinnerRead
    started_on: date
    ends_on: date
    hold: HoldRead | None = None  # nothing is sent until its end


def read_episode(scope: ClinicScope, episode_id: UUID, now: datetime) -> EpisodeRead:
    """One recovery. Raises NotFound."""
    row = scope.connection.execute(_episodes(scope).where(tables.episode.c.id == episode_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such recovery.")
    return _read(row, now)


def look_at_episode(scope: ClinicScope, episode_id: UUID, viewer: Actor, now: datetime) -> EpisodeRead:
    """One recovery, for a person: the look is audited. Raises NotFound."""
    found = read_episode(scope, episode_id, now)
    record_audit(scope, viewer, "episode.viewed", ("episode", episode_id), now, found.patient_id)
    return found


def list_episodes(scope: ClinicScope, patient_id: UUID, now: datetime) -> Sequence[EpisodeRead]:
    """A patient's recoveries, the newest first."""
    episode = tables.episode
    rows = scope.connection.execute(
        _episodes(scope)
        .where(episode.c.patient_id == patient_id)
        .order_by(episode.c.started_on.desc(), episode.c.id.desc())
    )
    return [_read(row, now) for row in rows]


def _episodes(scope: ClinicScope) -> Any:
    episode, procedure, plan, protocol = tables.episode, tables.procedure, tables.care_plan, tables.protocol
    patient, hold = tables.patient, tables.hold
    return (
        select(
            hold.c.id.label("hold_id"), hold.c.owner_id, hold.c.reason, hold.c.begins_at, hold.c.ends_at,
            episode, procedure.c.performed_on, procedure.c.levels, plan.c.check_in_time,
            plan.c.thinner_restart_on, plan.c.thinner_started, patient.c.zone,
            protocol.c.name.label("protocol_name"), protocol.c.version.label("protocol_version"),
        )
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .join(
            plan,
            (plan.c.clinic_id == episode.c.clinic_id)
            & (plan.c.episode_id == episode.c.id)
            & plan.c.replaced_at.is_(None),
        )
        .join(protocol, (protocol.c.clinic_id == plan.c.clinic_id) & (protocol.c.id == plan.c.protocol_id))
        .outerjoin(
            hold,
            (hold.c.clinic_id == episode.c.clinic_id)
            & (hold.c.episode_id == episode.c.id)
            & hold.c.lifted_at.is_(None)
            & (episode.c.status == "on_hold"),
        )
        .where(episode.c.clinic_id == scope.clinic_id)
    )  # fmt: skip


def _read(row: AnyRow, now: datetime) -> EpisodeRead:
    return EpisodeRead(
        id=row.id,
        patient_id=row.patient_id,
        status=row.status,
        day=(local_day(now, ZoneInfo(row.zone)) - row.performed_on).days,
        procedure=ProcedureRead(row.performed_on, tuple(row.levels)),
        baseline_pain=row.baseline_pain,
        protocol=ProtocolRead(row.protocol_name, row.protocol_version),
        zone=row.zone,
        check_in_time=row.check_in_time,
        blood_thinner=ThinnerRead(row.thinner_restart_on, row.thinner_started),
        started_on=row.started_on,
        ends_on=row.ends_on,
        hold=_hold(row) if row.hold_id else None,
    )


def _hold(row: AnyRow) -> HoldRead:
    return HoldRead(row.hold_id, row.id, row.owner_id, row.reason, row.begins_at, row.ends_at)
