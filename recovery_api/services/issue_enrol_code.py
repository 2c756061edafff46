"""Issue a printed code, by which a patient's phone is enrolled: one at a time, good once, within 72 hours."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.models import tables
from recovery_api.services.credentials import LIFETIMES, issue, revoke_kind
from recovery_api.services.record_audit import Actor, record_audit

TAKES_CODES = ("active", "invited")  # who has not joined yet may still ask for a code of their own accord


@dataclass(frozen=True, slots=True)
class EnrolCode:
    """A code to be printed and handed over; it is shown once, and kept as a digest. `expires_at` is real time."""

    code: str
    expires_at: datetime
    language: str


def issue_enrol_code(scope: ClinicScope, patient_id: UUID, actor: Actor, now: datetime) -> EnrolCode:
    """Make a code for a patient; those made before are worth nothing from then on.

    Raises NotFound, or Conflict where the patient has left or has no phone of their own that takes texts.
    """
    patient, point = tables.patient, tables.contact_point
    row = scope.connection.execute(
        select(patient.c.status, patient.c.language, point.c.id.label("phone_id"))
        .outerjoin(
            point,
            (point.c.clinic_id == patient.c.clinic_id)
            & (point.c.patient_id == patient.c.id)
            & (point.c.whose == "patient")
            & (point.c.channel == "sms")
            & point.c.state.in_(TAKES_CODES),
        )
        .where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such patient.")
    if row.status != "active" or row.phone_id is None:
        raise Conflict("The six digits go to the patient's own phone, and none of theirs takes texts.")
    revoke_kind(scope.connection, "enrol_code", scope.clinic_id, patient_id)
    code = issue(scope.connection, "enrol_code", scope.clinic_id, patient_id)
    record_audit(scope, actor, "enrol_code.issued", ("patient", patient_id), now, patient_id)
    return EnrolCode(code, real_now() + LIFETIMES["enrol_code"], row.language)
