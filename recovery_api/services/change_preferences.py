"""Change how a patient is reached: language, zone, hour. Only what is still to come is planned anew."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import update

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.add_patient import check_language, check_zone
from recovery_api.services.move_windows import move_windows
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.replace_care_plan import replace_care_plan, running_plan
from recovery_api.services.replan_episode import replan_episode
from recovery_api.services.start_episode import check_in_hours


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is to change; None leaves a thing as it is."""

    language: str | None = None
    zone: str | None = None
    check_in_time: time | None = None


def change_preferences(scope: ClinicScope, patient_id: UUID, wanted: Preferences, actor: Actor, now: datetime) -> None:
    """Change a patient's language, and the zone and hour of the plan that is running. Raises Invalid."""
    changes: dict[str, Any] = {}
    if wanted.language is not None:
        check_language(wanted.language)
        changes["language"] = wanted.language
    if wanted.zone is not None:
        changes["zone"] = check_zone(wanted.zone)
    if wanted.check_in_time is not None:
        check_in_hours(wanted.check_in_time)
    patient = tables.patient
    if changes:
        scope.connection.execute(
            update(patient).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id).values(**changes)
        )
    if wanted.zone is not None or wanted.check_in_time is not None:
        _change_plan(scope, patient_id, changes.get("zone"), wanted.check_in_time, now)
    if "zone" in changes:
        move_windows(scope, patient_id, ZoneInfo(changes["zone"]), now)
    record_audit(scope, actor, "patient.preferences_changed", ("patient", patient_id), now, patient_id)


def _change_plan(scope: ClinicScope, patient_id: UUID, zone: str | None, at: time | None, now: datetime) -> None:
    """Replace the care plan of the recovery that is running, where there is one."""
    row = running_plan(scope, patient_id)
    if row is None:
        return
    replace_care_plan(scope, row, now, zone=zone, check_in_time=at)
    replan_episode(scope, row.episode_id, now)
