"""Change how a patient is reached: language, zone, hour. Only what is still to come is planned anew."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.add_patient import check_language, check_zone
from recovery_api.services.record_audit import Actor, record_audit
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
    record_audit(scope, actor, "patient.preferences_changed", ("patient", patient_id), now, patient_id)


def _change_plan(scope: ClinicScope, patient_id: UUID, zone: str | None, at: time | None, now: datetime) -> None:
    """Replace the care plan of the recovery that is running, where there is one."""
    plan, episode = tables.care_plan, tables.episode
    row = scope.connection.execute(
        select(plan)
        .join(episode, (episode.c.clinic_id == plan.c.clinic_id) & (episode.c.id == plan.c.episode_id))
        .where(
            plan.c.clinic_id == scope.clinic_id,
            episode.c.patient_id == patient_id,
            episode.c.status != "ended",
            plan.c.replaced_at.is_(None),
        )
        .with_for_update(of=plan)
    ).one_or_none()
    if row is None:
        return
    scope.connection.execute(
        update(plan).where(plan.c.clinic_id == scope.clinic_id, plan.c.id == row.id).values(replaced_at=now)
    )
    scope.connection.execute(
        insert(plan),
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "episode_id": row.episode_id,
            "protocol_id": row.protocol_id,
            "zone": zone or row.zone,
            "check_in_time": at or row.check_in_time,
            "valid_from": now,
        },
    )
    replan_episode(scope, row.episode_id, now)
