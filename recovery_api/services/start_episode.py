"""Start a recovery: the procedure, the episode after it and its plan, with the first two weeks planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.local_time import CLOSES, OPENS
from recovery_api.domain.vertebrae import MOST_LEVELS, VERTEBRAE
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.find_protocol import protocol_in_force
from recovery_api.services.plan_reminders import plan_episode
from recovery_api.services.plan_thinner import NOT_STOPPED, ThinnerPlan, check_restart
from recovery_api.services.record_audit import Actor, record_audit

FOLLOW_UP = timedelta(days=365)
LONGEST_AHEAD = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NewEpisode:
    """A recovery to be started; the visits are instants."""

    performed_on: date
    levels: Sequence[str]
    baseline_pain: int | None = None
    check_in_time: time = time(9, 30)
    visits: Sequence[datetime] = ()
    thinner: ThinnerPlan = NOT_STOPPED


def start_episode(scope: ClinicScope, patient_id: UUID, new: NewEpisode, actor: Actor, now: datetime) -> UUID:
    """Store the recovery and plan it. Raises Invalid, NotFound, or Conflict while another is running."""
    check_performed_on(new.performed_on, now)
    check_levels(new.levels)
    check_in_hours(new.check_in_time)
    check_restart(new.thinner, new.performed_on)
    zone = _zone_of_free_patient(scope, patient_id)
    episode_id = _insert(scope, patient_id, new, zone, now)
    for starts_at in new.visits:
        scope.connection.execute(
            insert(tables.appointment),
            {
                "clinic_id": scope.clinic_id,
                "id": new_id(),
                "episode_id": episode_id,
                "starts_at": starts_at,
                "created_at": now,
            },
        )
    settle_planned(scope, patient_id, now)
    plan_episode(scope, episode_id, now)
    record_audit(scope, actor, "episode.started", ("episode", episode_id), now, patient_id)
    return episode_id


def settle_planned(scope: ClinicScope, patient_id: UUID, now: datetime) -> None:
    """A procedure of the patient that had no day waits no longer."""
    planned = tables.planned_procedure
    scope.connection.execute(
        update(planned)
        .where(
            planned.c.clinic_id == scope.clinic_id, planned.c.patient_id == patient_id, planned.c.settled_at.is_(None)
        )
        .values(settled_at=now)
    )


def check_performed_on(performed_on: date, now: datetime) -> None:
    """Raise Invalid where the procedure lies further ahead, or back, than a recovery is followed."""
    if not now.date() - FOLLOW_UP - timedelta(days=1) <= performed_on <= now.date() + LONGEST_AHEAD:
        raise Invalid("must lie within a year of today", field="procedure.performed_on")


def check_levels(levels: Sequence[str]) -> None:
    """Raise Invalid unless these are vertebrae, each once."""
    fit = 1 <= len(levels) <= MOST_LEVELS and len(set(levels)) == len(levels)
    if not fit or not all(level in VERTEBRAE for level in levels):
        raise Invalid("must be vertebrae such as T12 or L1, each once", field="procedure.levels")


def check_in_hours(at: time) -> None:
    """Raise Invalid for a time of day at which no text may be sent."""
    if not OPENS <= at < CLOSES:
        raise Invalid(f"must be from {OPENS:%H:%M} and before {CLOSES:%H:%M}", field="check_in_time")


def _zone_of_free_patient(scope: ClinicScope, patient_id: UUID) -> str:
    """The patient's zone; the patient stays locked, so that two recoveries cannot start at once."""
    patient, episode = tables.patient, tables.episode
    zone = scope.connection.execute(
        select(patient.c.zone)
        .where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
        .with_for_update(key_share=True)
    ).scalar()
    if zone is None:
        raise NotFound("There is no such patient.")
    running = scope.connection.execute(
        select(episode.c.id).where(
            episode.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id, episode.c.status != "ended"
        )
    ).first()
    if running is not None:
        raise Conflict("A recovery of this patient is running already; end it first.")
    return str(zone)


def _insert(scope: ClinicScope, patient_id: UUID, new: NewEpisode, zone: str, now: datetime) -> UUID:
    episode_id = _insert_episode(scope, patient_id, new, now)
    scope.connection.execute(
        insert(tables.care_plan),
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "episode_id": episode_id,
            "protocol_id": protocol_in_force(scope, now),
            "zone": zone,
            "check_in_time": new.check_in_time,
            "valid_from": now,
            "thinner_restart_on": new.thinner.restart_on,
        },
    )
    return episode_id


def _insert_episode(scope: ClinicScope, patient_id: UUID, new: NewEpisode, now: datetime) -> UUID:
    procedure_id, episode_id = new_id(), new_id()
    scope.connection.execute(
        insert(tables.procedure),
        {
            "clinic_id": scope.clinic_id,
            "id": procedure_id,
            "patient_id": patient_id,
            "performed_on": new.performed_on,
            "levels": list(new.levels),
        },
    )
    scope.connection.execute(
        insert(tables.episode),
        {
            "clinic_id": scope.clinic_id,
            "id": episode_id,
            "patient_id": patient_id,
            "procedure_id": procedure_id,
            "baseline_pain": new.baseline_pain,
            "started_on": new.performed_on,
            "ends_on": new.performed_on + FOLLOW_UP,
            "created_at": now,
        },
    )
    return episode_id
