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
from recovery_api.services.replace_care_plan import running_plan
from recovery_api.services.replan_episode import replan_episode

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
    if "web_check_in" in wanted:  # phones are locked before their patient
        _choose_link(scope, patient_id, wanted["web_check_in"])
    if values:
        patient = tables.patient
        scope.connection.execute(
            update(patient).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id).values(**values)
        )
    if "status" in wanted:
        _plan_anew(scope, patient_id, now)
    if "language" in wanted or "zone" in wanted:
        preferences = Preferences(wanted.get("language"), wanted.get("zone"))
        change_preferences(scope, patient_id, preferences, actor, now)
    record_audit(scope, actor, "patient.changed", ("patient", patient_id), now, patient_id, {"fields": sorted(wanted)})


def _choose_link(scope: ClinicScope, patient_id: UUID, takes_link: bool) -> None:
    """Whether the patient's own mobiles get a link to the web check-in; a caregiver is asked the plain question."""
    point = tables.contact_point
    scope.connection.execute(
        update(point)
        .where(point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id, point.c.whose == "patient")
        .values(takes_link=takes_link)
    )


def _plan_anew(scope: ClinicScope, patient_id: UUID, now: datetime) -> None:
    """Who has left or died is reminded of nothing any more; who is back is."""
    plan = running_plan(scope, patient_id)
    if plan is not None:
        replan_episode(scope, plan.episode_id, now)
