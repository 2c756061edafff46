"""Write down what left the clinic, and about whom."""

from datetime import datetime

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit


def audit_bulk_export(scope: ClinicScope, what: str, actor: Actor, now: datetime) -> None:
    """One event for the export, and one for each patient, who may ask who saw their record."""
    patient = tables.patient
    chosen = select(patient.c.id).where(patient.c.clinic_id == scope.clinic_id, patient.c.is_synthetic.is_(False))
    ids = scope.connection.execute(chosen.order_by(patient.c.id)).scalars().all()
    record_audit(
        scope, actor, "clinic.exported", ("clinic", scope.clinic_id), now, None, {"as": what, "patients": len(ids)}
    )
    for patient_id in ids:
        record_audit(scope, actor, "patient.exported", ("patient", patient_id), now, patient_id, {"as": what})
