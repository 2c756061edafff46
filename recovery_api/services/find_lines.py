"""Whose phone line is this: the people that a call may be about, their rows locked so that one is answered in turn."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.read_history import Recovery
from recovery_api.vault import SealBroken


@dataclass(frozen=True, slots=True)
class Line:
    """One person's phone as a call needs it: how to name the person, and the recovery that is running."""

    contact_point_id: UUID
    patient_id: UUID
    phone_digest: bytes
    label: str
    whose: str
    state: str
    given_name: str
    language: str
    zone: ZoneInfo
    recovery: Recovery | None


def find_line(scope: ClinicScope, contact_point_id: UUID) -> Line:
    """The line of one contact point."""
    return _lines(scope, tables.contact_point.c.id == contact_point_id)[0]


def find_lines(scope: ClinicScope, phone_digest: bytes) -> list[Line]:
    """Every person in a recovery whom this phone speaks for, in the order in which they were linked to it."""
    found = _lines(scope, tables.contact_point.c.phone_digest == phone_digest)
    by_person = {line.patient_id: line for line in reversed(found) if line.recovery and line.state != "wrong_person"}
    return list(reversed(by_person.values()))


def _hold(scope: ClinicScope, wanted: Any) -> None:
    """Lock the links and their patients in a statement of its own: what one reads that waits is as it was before."""
    point, patient = tables.contact_point, tables.patient
    scope.connection.execute(
        select(point.c.id)
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .where(point.c.clinic_id == scope.clinic_id, wanted)
        .order_by(point.c.created_at, point.c.id)
        .with_for_update(of=[point, patient], key_share=True)
    )


def _lines(scope: ClinicScope, wanted: Any) -> list[Line]:
    _hold(scope, wanted)
    point, patient, episode, procedure = tables.contact_point, tables.patient, tables.episode, tables.procedure
    rows = scope.connection.execute(
        select(
            point, patient.c.given_name_sealed, patient.c.language, patient.c.zone,
            episode.c.id.label("episode_id"), episode.c.baseline_pain, procedure.c.performed_on,
        )
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .outerjoin(
            episode,
            (episode.c.clinic_id == patient.c.clinic_id)
            & (episode.c.patient_id == patient.c.id)
            & (episode.c.status != "ended"),
        )
        .outerjoin(
            procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id)
        )
        .where(point.c.clinic_id == scope.clinic_id, wanted)
        .order_by(point.c.created_at, point.c.id, episode.c.started_on.desc())
    )  # fmt: skip
    newest: dict[UUID, AnyRow] = {}
    for row in rows:
        newest.setdefault(row.id, row)
    return [_line(scope, row) for row in newest.values()]


def _given_name(scope: ClinicScope, row: AnyRow) -> str:
    """The name that a call asks for; none where its seal is broken, which must not keep a caller from being heard."""
    try:
        return scope.vault.open("patient.given_name", row.patient_id, row.given_name_sealed)
    except SealBroken:
        warn("name.unreadable", clinic_id=str(scope.clinic_id), row_id=str(row.patient_id))
        return ""


def _line(scope: ClinicScope, row: AnyRow) -> Line:
    recovery = None
    if row.episode_id is not None:
        recovery = Recovery(row.patient_id, row.episode_id, row.performed_on, row.baseline_pain)
    return Line(
        contact_point_id=row.id,
        patient_id=row.patient_id,
        phone_digest=row.phone_digest,
        label=row.label,
        whose=row.whose,
        state=row.state,
        given_name=_given_name(scope, row),
        language=row.language,
        zone=ZoneInfo(row.zone),
        recovery=recovery,
    )
