"""Keep a clinic's synthetic patient, with a recovery of this day, and the one who is paged about it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.trial import PATIENT_PHONE, SINK_PHONE
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.add_patient import NewPerson, add_patient
from recovery_api.services.record_audit import SYSTEM, record_audit

DAYS_AFTER = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Synthetic:
    """The patient of the trials, its recovery of today, and who takes its flags."""

    patient_id: UUID
    episode_id: UUID
    clinician_id: UUID


def keep_synthetic(scope: ClinicScope, now: datetime) -> Synthetic:
    """The clinic's synthetic patient, made where it is missing; marked, and on no list, report or cohort.

    A recovery lasts a day, so that a trial never has to read a year of trials.
    """
    patient_id = _find(scope, "patient") or _add_patient(scope, now)
    clinician_id = _find(scope, "clinician") or _add_clinician(scope, now)
    return Synthetic(patient_id, _episode(scope, patient_id, now), clinician_id)


def _find(scope: ClinicScope, name: str) -> UUID | None:
    table = tables.patient if name == "patient" else tables.clinician
    chosen = select(table.c.id).where(table.c.clinic_id == scope.clinic_id, table.c.is_synthetic)
    found = scope.connection.execute(chosen.limit(1)).scalar()
    return UUID(str(found)) if found else None


def _add_patient(scope: ClinicScope, now: datetime) -> UUID:
    person = NewPerson("Synthetic", "Self-Test", date(1950, 1, 1), PATIENT_PHONE, zone=scope.zone.key)
    added = add_patient(scope, person, SYSTEM, now)
    patient, point = tables.patient, tables.contact_point
    scope.connection.execute(
        update(patient)
        .where(patient.c.clinic_id == scope.clinic_id, patient.c.id == added.patient_id)
        .values(is_synthetic=True)
    )
    scope.connection.execute(
        update(point)
        .where(point.c.clinic_id == scope.clinic_id, point.c.id == added.contact_point_id)
        .values(state="active")
    )
    return added.patient_id


def _add_clinician(scope: ClinicScope, now: datetime) -> UUID:
    """A row that pages go to; nobody can sign in as it, and no list of staff shows it."""
    clinician_id = new_id()
    scope.connection.execute(
        insert(tables.clinician),
        {
            "clinic_id": scope.clinic_id,
            "id": clinician_id,
            "role": "operator",
            "name_sealed": scope.seal("clinician.name", clinician_id, "Self-test"),
            "email_sealed": scope.seal("clinician.email", clinician_id, "self-test@invalid"),
            "phone_sealed": scope.seal("clinician.phone", clinician_id, SINK_PHONE),
            "is_synthetic": True,
            "created_at": now,
        },
    )
    record_audit(scope, SYSTEM, "clinician.added", ("clinician", clinician_id), now)
    return clinician_id


def _episode(scope: ClinicScope, patient_id: UUID, now: datetime) -> UUID:
    """Today's recovery. It is on hold, so that no reminder is ever planned for it."""
    episode, today = tables.episode, now.astimezone(scope.zone).date()
    mine = (
        (episode.c.clinic_id == scope.clinic_id) & (episode.c.patient_id == patient_id) & (episode.c.status != "ended")
    )
    known = scope.connection.execute(
        select(episode.c.id).where(mine, episode.c.started_on == today - DAYS_AFTER)
    ).scalar()
    if known is not None:
        return UUID(str(known))
    scope.connection.execute(update(episode).where(mine).values(status="ended"))
    procedure_id, episode_id = new_id(), new_id()
    performed_on = today - DAYS_AFTER
    row = {"clinic_id": scope.clinic_id, "patient_id": patient_id}
    scope.connection.execute(
        insert(tables.procedure), {**row, "id": procedure_id, "performed_on": performed_on, "levels": ["L1"]}
    )
    dates = {"started_on": performed_on, "ends_on": today + DAYS_AFTER, "created_at": now}
    scope.connection.execute(
        insert(episode),
        {**row, "id": episode_id, "procedure_id": procedure_id, "status": "on_hold", "baseline_pain": 7, **dates},
    )
    return episode_id
