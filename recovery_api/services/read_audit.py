"""Read the audit: who did or saw what, the newest first: ids lie in the order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which events are wanted; None means any. `action` is the beginning of one, such as `patient.`."""

    actor_id: UUID | None = None
    patient_id: UUID | None = None
    action: str = ""
    since: datetime | None = None
    before: UUID | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event, with the names of whoever did it and of whom it is about."""

    id: UUID
    at: datetime
    actor_kind: str
    actor: str
    action: str
    patient_id: UUID | None
    patient: str
    detail: dict[str, Any]


def read_audit(scope: ClinicScope, query: AuditQuery, viewer: Actor, now: datetime) -> Sequence[AuditLine]:
    """The events of a query; the look is an event itself."""
    event, clinician, patient = tables.audit_event, tables.clinician, tables.patient
    statement = (
        select(event, clinician.c.name_sealed, patient.c.given_name_sealed, patient.c.family_name_sealed)
        .outerjoin(clinician, (clinician.c.clinic_id == event.c.clinic_id) & (clinician.c.id == event.c.actor_id))
        .outerjoin(patient, (patient.c.clinic_id == event.c.clinic_id) & (patient.c.id == event.c.patient_id))
        .where(event.c.clinic_id == scope.clinic_id)
        .order_by(event.c.id.desc())
        .limit(query.limit)
    )
    if query.actor_id is not None:
        statement = statement.where(event.c.actor_id == query.actor_id)
    if query.patient_id is not None:
        statement = statement.where(event.c.patient_id == query.patient_id)
    if query.action:
        statement = statement.where(event.c.action.startswith(query.action, autoescape=True))
    if query.since is not None:
        statement = statement.where(event.c.at >= query.since)
    if query.before is not None:
        statement = statement.where(event.c.id < query.before)
    rows = scope.connection.execute(statement).all()
    record_audit(scope, viewer, "audit.viewed", ("clinic", scope.clinic_id), now, None, {"found": len(rows)})
    return [
        AuditLine(
            id=row.id,
            at=row.at,
            actor_kind=row.actor_kind,
            actor=(scope.open("clinician.name", row.actor_id, row.name_sealed) or "") if row.name_sealed else "",
            action=row.action,
            patient_id=row.patient_id,
            patient=_name(scope, row) if row.family_name_sealed else "",
            detail=row.detail,
        )
        for row in rows
    ]


def _name(scope: ClinicScope, row: AnyRow) -> str:
    given_name = scope.vault.open("patient.given_name", row.patient_id, row.given_name_sealed)
    return f"{scope.vault.open('patient.family_name', row.patient_id, row.family_name_sealed)}, {given_name}"
