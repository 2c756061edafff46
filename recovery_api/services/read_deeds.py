"""Read what clinicians did for one patient and who looked, out of the audit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables

LOOKS = ("patient.viewed", "trajectory.viewed", "plan.viewed", "messages.viewed", "patient.printed")
DEEDS = (
    "patient.called", "check_in.recorded", "episode.held", "episode.hold_lifted", "episode.changed",
    "appointment.booked", "appointment.changed", "patient.changed", "message.placed", "message.handled",
)  # fmt: skip
MOST = 200


@dataclass(frozen=True, slots=True)
class Look:
    """One colleague who looked at a patient: how often, and when last."""

    name: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class PatientDeed:
    """One thing that a clinician did for a patient, by its audit action; `detail` holds codes alone."""

    at: datetime
    by: str
    action: str
    detail: dict[str, Any]


def looks_asked(scope: ClinicScope, patient_id: UUID) -> Select[Any]:
    """The question for who looked at a patient, the latest first, for a statement that asks more than one."""
    event, clinician = tables.audit_event, tables.clinician
    last = func.max(event.c.at).label("last_at")
    return (
        select(clinician.c.id, clinician.c.name_sealed, func.count().label("times"), last)
        .join(clinician, (clinician.c.clinic_id == event.c.clinic_id) & (clinician.c.id == event.c.actor_id))
        .where(event.c.clinic_id == scope.clinic_id, event.c.patient_id == patient_id, event.c.action.in_(LOOKS))
        .group_by(clinician.c.id, clinician.c.name_sealed)
        .order_by(last.desc())
        .limit(MOST)
    )


def looks_told(scope: ClinicScope, rows: Iterable[AnyRow]) -> Sequence[Look]:
    """Who looked, out of rows that `looks_asked` found."""
    return [Look(scope.vault.open("clinician.name", row.id, row.name_sealed), row.times, row.last_at) for row in rows]


def deeds_asked(scope: ClinicScope, patient_id: UUID) -> Select[Any]:
    """The question for what clinicians did beside their flags, the latest first, for such a statement."""
    event, clinician = tables.audit_event, tables.clinician
    return (
        select(event.c.at, event.c.action, event.c.detail, clinician.c.id, clinician.c.name_sealed)
        .join(clinician, (clinician.c.clinic_id == event.c.clinic_id) & (clinician.c.id == event.c.actor_id))
        .where(
            event.c.clinic_id == scope.clinic_id,
            event.c.patient_id == patient_id,
            event.c.actor_kind == "clinician",
            event.c.action.in_(DEEDS),
        )
        .order_by(event.c.at.desc(), event.c.id.desc())
        .limit(MOST)
    )


def deeds_told(scope: ClinicScope, rows: Iterable[AnyRow]) -> Sequence[PatientDeed]:
    """What they did, out of rows that `deeds_asked` found."""
    return [
        PatientDeed(row.at, scope.vault.open("clinician.name", row.id, row.name_sealed), row.action, row.detail)
        for row in rows
    ]
