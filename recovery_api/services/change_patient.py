"""Change who a patient is to the clinic: name, birth, record number, language, zone, or that they left or died."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.add_patient import check_birth
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.record_audit import Actor, record_audit

_SEALED = ("given_name", "family_name", "record_number")
_PLAIN = ("sex", "status")


def change_patient(
    scope: ClinicScope, patient_id: UUID, wanted: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    """Change the fields named in `wanted`; the caller made sure that the patient is there. Raises Invalid."""
    values: dict[str, Any] = {name: wanted[name] for name in _PLAIN if name in wanted}
    for name in _SEALED:
        if name in wanted:
            values[f"{name}_sealed"] = scope.seal(f"patient.{name}", patient_id, wanted[name])
    if "born_on" in wanted:
        check_birth(wanted["born_on"], now)
        values["born_on_sealed"] = scope.seal("patient.born_on", patient_id, wanted["born_on"].isoformat())
    if values:
        patient = tables.patient
        scope.connection.execute(
            update(patient).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id).values(**values)
        )
    if "language" in wanted or "zone" in wanted:
        preferences = Preferences(wanted.get("language"), wanted.get("zone"))
        change_preferences(scope, patient_id, preferences, actor, now)
    record_audit(scope, actor, "patient.changed", ("patient", patient_id), now, patient_id, {"fields": sorted(wanted)})
