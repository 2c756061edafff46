"""Keep a procedure whose day is not known yet, until its recovery is started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import insert, select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class Planned:
    """A patient who waits for the day of a procedure."""

    patient_id: UUID
    given_name: str
    family_name: str
    born_on: date
    levels: tuple[str, ...]
    baseline_pain: int | None
    check_in_time: time
    created_at: datetime


def plan_procedure(
    scope: ClinicScope,
    patient_id: UUID,
    levels: Sequence[str],
    baseline_pain: int | None,
    check_in_time: time,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what is known of a procedure without a day; nothing is sent for it before its recovery is started."""
    row_id = new_id()
    scope.connection.execute(
        insert(tables.planned_procedure),
        {
            "clinic_id": scope.clinic_id,
            "id": row_id,
            "patient_id": patient_id,
            "levels": list(levels),
            "baseline_pain": baseline_pain,
            "check_in_time": check_in_time,
            "created_at": now,
        },
    )
    record_audit(scope, actor, "procedure.planned", ("planned_procedure", row_id), now, patient_id)


def list_planned(scope: ClinicScope, viewer: Actor, now: datetime) -> list[Planned]:
    """Everybody who waits for a day, the longest waiting first; the look is audited."""
    found = _read(scope, None)
    record_audit(scope, viewer, "planned.listed", ("clinic", scope.clinic_id), now, None, {"found": len(found)})
    return found


def read_planned(scope: ClinicScope, patient_id: UUID, viewer: Actor, now: datetime) -> Planned:
    """One patient who waits for a day; the look is audited. Raises NotFound."""
    found = _read(scope, patient_id)
    if not found:
        raise NotFound("This patient waits for no procedure.")
    record_audit(scope, viewer, "patient.viewed", ("patient", patient_id), now, patient_id)
    return found[0]


def _read(scope: ClinicScope, patient_id: UUID | None) -> list[Planned]:
    planned, patient = tables.planned_procedure, tables.patient
    statement = (
        select(planned, patient.c.given_name_sealed, patient.c.family_name_sealed, patient.c.born_on_sealed)
        .join(patient, (patient.c.clinic_id == planned.c.clinic_id) & (patient.c.id == planned.c.patient_id))
        .where(planned.c.clinic_id == scope.clinic_id, planned.c.settled_at.is_(None), patient.c.status == "active")
        .order_by(planned.c.created_at, planned.c.id)
    )
    if patient_id is not None:
        statement = statement.where(planned.c.patient_id == patient_id)
    return [
        Planned(
            patient_id=row.patient_id,
            given_name=scope.vault.open("patient.given_name", row.patient_id, row.given_name_sealed),
            family_name=scope.vault.open("patient.family_name", row.patient_id, row.family_name_sealed),
            born_on=date.fromisoformat(scope.vault.open("patient.born_on", row.patient_id, row.born_on_sealed)),
            levels=tuple(row.levels),
            baseline_pain=row.baseline_pain,
            check_in_time=row.check_in_time,
            created_at=row.created_at,
        )
        for row in scope.connection.execute(statement)
    ]
