"""Log a call to a patient: that somebody rang, and what came of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid, NotFound
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit

RESULTS = ("started", "reached", "left_message", "no_answer")


def log_call(scope: ClinicScope, patient_id: UUID, result: str, caller: Actor, now: datetime) -> None:
    """Write a call into the patient's story. It closes no flag. Raises Invalid or NotFound."""
    if result not in RESULTS:
        raise Invalid(f"must be one of {', '.join(RESULTS)}", field="result")
    patient = tables.patient
    known = select(patient.c.id).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
    if scope.connection.execute(known).first() is None:
        raise NotFound("There is no such patient.")
    record_audit(scope, caller, "patient.called", ("patient", patient_id), now, patient_id, {"result": result})
