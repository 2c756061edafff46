"""Hold a recovery, as for a stay in hospital: nothing is sent until its end, which has a date and somebody's name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.plan_reminders import plan_episode
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.replan_episode import replan_episode

REASONS = ("hospital", "away", "other")
LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold to be made: until when, why, and whose it is; None is whoever makes it."""

    ends_at: datetime
    reason: str = "hospital"
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HoldRead:
    """One hold."""

    id: UUID
    episode_id: UUID
    owner_id: UUID
    reason: str
    begins_at: datetime
    ends_at: datetime


def hold_episode(scope: ClinicScope, episode_id: UUID, new: NewHold, actor: Actor, now: datetime) -> HoldRead:
    """Hold a recovery from now on; a hold that stands is replaced. Raises Invalid, NotFound or Conflict."""
    if not now < new.ends_at <= now + LONGEST:
        raise Invalid(f"must lie ahead, by {LONGEST.days} days at most", field="ends_at")
    row = locked_episode(scope, episode_id)
    if row.status == "ended":
        raise Conflict("This recovery has ended.")
    owner_id = _owner(scope, new.owner_id or actor.id)
    _mark_lifted(scope, episode_id, now)
    hold = HoldRead(new_id(), episode_id, owner_id, new.reason, now, new.ends_at)
    scope.connection.execute(
        insert(tables.hold),
        {
            "clinic_id": scope.clinic_id,
            "id": hold.id,
            "episode_id": episode_id,
            "owner_id": owner_id,
            "reason": hold.reason,
            "begins_at": now,
            "ends_at": hold.ends_at,
        },
    )
    set_status(scope, episode_id, "on_hold")
    replan_episode(scope, episode_id, now)
    record_audit(scope, actor, "episode.held", ("episode", episode_id), now, row.patient_id, {"reason": new.reason})
    return hold


def lift_hold(scope: ClinicScope, episode_id: UUID, actor: Actor, now: datetime) -> None:
    """End a hold before its time; texts go on. Raises NotFound where none stands."""
    row = locked_episode(scope, episode_id)
    if _mark_lifted(scope, episode_id, now) == 0 and row.status != "on_hold":
        raise NotFound("This recovery is not on hold.")
    resume(scope, row, now)
    record_audit(scope, actor, "episode.hold_lifted", ("episode", episode_id), now, row.patient_id)


def resume(scope: ClinicScope, row: AnyRow, now: datetime) -> None:
    """Let a recovery whose hold is over go on, unless it ended meanwhile; the caller holds its row.

    A hold may be longer than what is planned ahead: what lies behind that is planned at once too.
    """
    if row.status == "on_hold":
        set_status(scope, row.id, "active")
        replan_episode(scope, row.id, now)
        plan_episode(scope, row.id, now)


def end_hold(scope: ClinicScope, episode_id: UUID, now: datetime) -> AnyRow | None:
    """The episode of a hold whose time is over, now active again; None where it went on already."""
    row = locked_episode(scope, episode_id)
    _mark_lifted(scope, episode_id, now)
    if row.status != "on_hold":
        return None
    resume(scope, row, now)
    return row


def locked_episode(scope: ClinicScope, episode_id: UUID) -> AnyRow:
    """The episode, locked: whoever plans it anew holds it, after the patient and before the plan and the visits.

    Raises NotFound.
    """
    episode = tables.episode
    row = scope.connection.execute(
        select(episode)
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.id == episode_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such recovery.")
    return row


def set_status(scope: ClinicScope, episode_id: UUID, status: str) -> None:
    """Give an episode another status."""
    episode = tables.episode
    scope.connection.execute(
        update(episode).where(episode.c.clinic_id == scope.clinic_id, episode.c.id == episode_id).values(status=status)
    )


def _mark_lifted(scope: ClinicScope, episode_id: UUID, now: datetime) -> int:
    hold = tables.hold
    return scope.connection.execute(
        update(hold)
        .where(hold.c.clinic_id == scope.clinic_id, hold.c.episode_id == episode_id, hold.c.lifted_at.is_(None))
        .values(lifted_at=now)
    ).rowcount


def _owner(scope: ClinicScope, owner_id: UUID | None) -> UUID:
    clinician = tables.clinician
    known = scope.connection.execute(
        select(clinician.c.id).where(
            clinician.c.clinic_id == scope.clinic_id, clinician.c.id == owner_id, clinician.c.disabled_at.is_(None)
        )
    ).scalar()
    if known is None:
        raise Invalid("must be a clinician of this clinic", field="owner_id")
    return UUID(str(known))
