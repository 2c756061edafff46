"""Read patients in clear: who they are, and their newest recovery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """A patient with the newest recovery, in clear."""

    id: UUID
    given_name: str
    family_name: str
    born_on: date
    sex: str
    language: str
    zone: str
    record_number: str | None
    status: str
    episode_id: UUID | None
    baseline_pain: int | None
    performed_on: date | None
    levels: tuple[str, ...]
    created_at: datetime


def read_patients(
    scope: ClinicScope,
    patient_ids: Sequence[UUID] | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[PatientFacts]:
    """Patients of this clinic by id, all of them, the ones named or a page, each with the newest recovery."""
    return patients_told(scope, scope.connection.execute(patients_asked(scope, patient_ids, after, limit)))


def read_with_first(scope: ClinicScope, patient_ids: Sequence[UUID], first: int) -> list[PatientFacts]:
    """The patients named, beside the `first` of the clinic, in one statement: all of them where it has no more."""
    patient = tables.patient
    real = (patient.c.clinic_id == scope.clinic_id, patient.c.is_synthetic.is_(False))
    begun = select(patient.c.id).where(*real).order_by(patient.c.id).limit(first)
    wanted = or_(patient.c.id.in_(patient_ids), patient.c.id.in_(begun.scalar_subquery()))
    return patients_told(scope, scope.connection.execute(_asked(scope).where(wanted)))


def patients_told(scope: ClinicScope, rows: Iterable[AnyRow]) -> list[PatientFacts]:
    """The same, out of rows that `patients_asked` found."""
    return [_patient(scope, row) for row in rows]


def patients_asked(
    scope: ClinicScope,
    patient_ids: Sequence[UUID] | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> Select[Any]:
    """The question for patients, for a statement that asks more than one."""
    patient, statement = tables.patient, _asked(scope).limit(limit)
    if patient_ids is not None:
        statement = statement.where(patient.c.id.in_(patient_ids))
    else:
        statement = statement.where(patient.c.is_synthetic.is_(False))
    if after is not None:
        statement = statement.where(patient.c.id > after)
    return statement


def _asked(scope: ClinicScope) -> Select[Any]:
    patient, episode, procedure = tables.patient, tables.episode, tables.procedure
    return (
        select(
            patient,
            episode.c.id.label("episode_id"),
            episode.c.baseline_pain,
            procedure.c.performed_on,
            procedure.c.levels,
        )
        .outerjoin(episode, (episode.c.clinic_id == patient.c.clinic_id) & (episode.c.patient_id == patient.c.id))
        .outerjoin(
            procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id)
        )
        .where(patient.c.clinic_id == scope.clinic_id)
        .order_by(patient.c.id, episode.c.started_on.desc())
        .ext(distinct_on(patient.c.id))
    )


def _patient(scope: ClinicScope, row: AnyRow) -> PatientFacts:
    return PatientFacts(
        id=row.id,
        given_name=scope.vault.open("patient.given_name", row.id, row.given_name_sealed),
        family_name=scope.vault.open("patient.family_name", row.id, row.family_name_sealed),
        born_on=date.fromisoformat(scope.vault.open("patient.born_on", row.id, row.born_on_sealed)),
        sex=row.sex,
        language=row.language,
        zone=row.zone,
        record_number=scope.open("patient.record_number", row.id, row.record_number_sealed),
        status=row.status,
        episode_id=row.episode_id,
        baseline_pain=row.baseline_pain,
        performed_on=row.performed_on,
        levels=tuple(row.levels or ()),
        created_at=row.created_at,
    )
