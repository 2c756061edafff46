"""Read what stands around a recovery: the hold, the hour of the check-in, earlier recoveries, and the consents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables


@dataclass(frozen=True, slots=True)
class StandingHold:
    """A hold that stands: why, until when, and who answers for it."""

    reason: str
    ends_at: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class EpisodeLine:
    """One recovery of a patient; `check_in_time` is local to the patient, None where no plan runs."""

    id: UUID
    performed_on: date
    levels: tuple[str, ...]
    status: str
    ends_on: date
    protocol: str
    check_in_time: time | None
    hold: StandingHold | None
    thinner_restart_on: date | None = None  # the day to start a blood thinner again, and whether it was
    thinner_started: bool | None = None


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One line of the ledger of consent."""

    contact_point_id: UUID | None
    purpose: str
    channel: str
    granted: bool
    source: str
    at: datetime


def episodes_asked(scope: ClinicScope, patient_id: UUID) -> Select[Any]:
    """The question for every recovery of a patient, the newest first, for a statement that asks more than one."""
    episode, procedure, plan = tables.episode, tables.procedure, tables.care_plan
    protocol, hold, clinician = tables.protocol, tables.hold, tables.clinician
    return (
        select(
            episode.c.id, episode.c.status, episode.c.ends_on, procedure.c.performed_on, procedure.c.levels,
            plan.c.check_in_time, plan.c.thinner_restart_on, plan.c.thinner_started,
            protocol.c.name, protocol.c.version, hold.c.reason, hold.c.ends_at,
            clinician.c.id.label("owner_id"), clinician.c.name_sealed,
        )
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .outerjoin(
            plan,
            (plan.c.clinic_id == episode.c.clinic_id)
            & (plan.c.episode_id == episode.c.id)
            & plan.c.replaced_at.is_(None),
        )
        .outerjoin(protocol, (protocol.c.clinic_id == plan.c.clinic_id) & (protocol.c.id == plan.c.protocol_id))
        .outerjoin(
            hold,
            (hold.c.clinic_id == episode.c.clinic_id)
            & (hold.c.episode_id == episode.c.id)
            & hold.c.lifted_at.is_(None),
        )
        .outerjoin(clinician, (clinician.c.clinic_id == hold.c.clinic_id) & (clinician.c.id == hold.c.owner_id))
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id)
        .order_by(episode.c.started_on.desc(), episode.c.id.desc())
    )  # fmt: skip


def episodes_told(scope: ClinicScope, rows: Iterable[AnyRow]) -> Sequence[EpisodeLine]:
    """The recoveries, out of rows that `episodes_asked` found."""
    return [
        EpisodeLine(
            id=row.id,
            performed_on=row.performed_on,
            levels=tuple(row.levels),
            status=row.status,
            ends_on=row.ends_on,
            protocol=f"{row.name} {row.version}" if row.name else "",
            check_in_time=row.check_in_time,
            hold=StandingHold(
                row.reason, row.ends_at, scope.vault.open("clinician.name", row.owner_id, row.name_sealed)
            )
            if row.reason
            else None,
            thinner_restart_on=row.thinner_restart_on,
            thinner_started=row.thinner_started,
        )
        for row in rows
    ]


def consents_asked(scope: ClinicScope, patient_id: UUID) -> Select[Any]:
    """The question for a patient's ledger, for a statement that asks more than one."""
    consent = tables.consent
    return (
        select(consent)
        .where(consent.c.clinic_id == scope.clinic_id, consent.c.patient_id == patient_id)
        .order_by(consent.c.recorded_at.desc(), consent.c.id.desc())
    )


def consents_told(rows: Iterable[AnyRow]) -> Sequence[ConsentLine]:
    """What stands for each phone, purpose and channel: the last line of each, the newest first."""
    last: dict[tuple[UUID | None, str, str], ConsentLine] = {}
    for row in rows:
        line = ConsentLine(row.contact_point_id, row.purpose, row.channel, row.granted, row.source, row.recorded_at)
        last.setdefault((row.contact_point_id, row.purpose, row.channel), line)
    return list(last.values())
