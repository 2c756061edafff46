"""A clinic's records as FHIR R4, one kind of resource after the other."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.dialects.postgresql import distinct_on

from recovery_api.db import ClinicScope
from recovery_api.domain import fhir
from recovery_api.models import tables
from recovery_api.services.audit_export import audit_bulk_export
from recovery_api.services.read_rows import rows_of
from recovery_api.services.record_audit import Actor

KINDS = (
    "Patient", "Procedure", "Observation", "QuestionnaireResponse", "Communication", "Appointment", "Flag",
)  # fmt: skip
Resources = Iterator[fhir.Resource]


def export_fhir(scope: ClinicScope, actor: Actor, now: datetime) -> Iterator[tuple[str, Resources]]:
    """Each kind of resource with all of them, read as they are asked for; audited for every patient they are about."""
    audit_bulk_export(scope, "fhir", actor, now)
    today = now.astimezone(scope.zone).date()
    readers: dict[str, Callable[[], Resources]] = {
        "Patient": lambda: _patients(scope),
        "Procedure": lambda: (fhir.procedure(row, today) for row in rows_of(scope, _of_patients(tables.procedure))),
        "Observation": lambda: _observations(scope),
        "QuestionnaireResponse": lambda: _responses(scope),
        "Communication": lambda: map(fhir.communication, rows_of(scope, _texts(), tables.message)),
        "Appointment": lambda: map(fhir.appointment, rows_of(scope, _of_episodes(tables.appointment))),
        "Flag": lambda: map(fhir.flag, rows_of(scope, _of_patients(tables.flag), tables.flag)),
    }
    for kind in KINDS:
        yield kind, readers[kind]()


def _patients(scope: ClinicScope) -> Resources:
    point, patient = tables.contact_point, tables.patient
    phones: dict[Any, list[str]] = {}
    own = select(point).where(point.c.whose == "patient", point.c.state != "wrong_person").order_by(point.c.created_at)
    for row in rows_of(scope, own, point):
        phones.setdefault(row["patient_id"], []).append(row["phone"])
    people = select(patient).where(patient.c.is_synthetic.is_(False)).order_by(patient.c.id)
    for row in rows_of(scope, people, patient):
        yield fhir.patient(row, phones.get(row["id"], []), scope.name)


def _observations(scope: ClinicScope) -> Resources:
    for row in rows_of(scope, newest_check_ins(), tables.check_in):
        if found := fhir.pain(row):
            yield found
    for row in rows_of(scope, _of_patients(tables.activity_day)):
        if found := fhir.steps(row):
            yield found
    yield from map(fhir.score, rows_of(scope, _of_episodes(tables.questionnaire)))


def _responses(scope: ClinicScope) -> Resources:
    yield from map(fhir.check_in, rows_of(scope, newest_check_ins(), tables.check_in))
    for row in rows_of(scope, _of_episodes(tables.questionnaire)):
        if found := fhir.questionnaire(row):
            yield found


def newest_check_ins() -> Select[Any]:
    """Every check-in in its newest version, with the patient."""
    check_in = tables.check_in
    return (
        _of_episodes(check_in)
        .order_by(None)
        .order_by(check_in.c.clinic_id, check_in.c.id, check_in.c.version.desc())
        .ext(distinct_on(check_in.c.clinic_id, check_in.c.id))
    )


def _texts() -> Select[Any]:
    return _of_patients(tables.message)


def _of_patients(table: Table) -> Select[Any]:
    patient = tables.patient
    return (
        select(table)
        .join(patient, (patient.c.clinic_id == table.c.clinic_id) & (patient.c.id == table.c.patient_id))
        .where(patient.c.is_synthetic.is_(False))
        .order_by(table.c.clinic_id, table.c.id)
    )


def _of_episodes(table: Table) -> Select[Any]:
    episode, patient = tables.episode, tables.patient
    return (
        select(table, episode.c.patient_id)
        .join(episode, (episode.c.clinic_id == table.c.clinic_id) & (episode.c.id == table.c.episode_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .where(patient.c.is_synthetic.is_(False))
        .order_by(table.c.clinic_id, table.c.id)
    )
