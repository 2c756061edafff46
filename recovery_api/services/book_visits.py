"""Book follow-up visits and change them; the patient confirms one or asks for another time."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.readings import Finding
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.answer_visit import tier_of_change
from recovery_api.services.hold_episode import locked_episode
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.read_today import Visit
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.replan_episode import replan_episode
from recovery_api.services.tell_visit_news import tell_visit_news
from recovery_api.services.turn import MINUTES
from recovery_api.services.watch_visits import follow_missed_visit

LONGEST_AHEAD = timedelta(days=2 * 365)
SETTLED = ("booked", "cancelled", "kept", "missed")


def book_visit(scope: ClinicScope, episode_id: UUID, starts_at: datetime, actor: Actor, now: datetime) -> Visit:
    """Book a visit and plan its reminder. Raises Invalid, NotFound, or Conflict for a recovery that has ended."""
    _check_ahead(starts_at, now)
    row = locked_episode(scope, episode_id)
    if row.status == "ended":
        raise Conflict("This recovery has ended.")
    visit_id = new_id()
    scope.connection.execute(
        insert(tables.appointment),
        {
            "clinic_id": scope.clinic_id,
            "id": visit_id,
            "episode_id": episode_id,
            "starts_at": starts_at,
            "created_at": now,
        },
    )
    replan_episode(scope, episode_id, now)
    record_audit(scope, actor, "appointment.booked", ("appointment", visit_id), now, row.patient_id)
    return Visit(visit_id, episode_id, starts_at, "booked")


def change_visit(
    scope: ClinicScope, visit_id: UUID, starts_at: datetime | None, status: str | None, actor: Actor, now: datetime
) -> Visit:
    """Move a visit, which books it anew, or say what became of it. Raises Invalid or NotFound.

    Who was reminded of it is told when it is now, or that it is off.
    """
    _lock_recovery(scope, visit_id)
    row = _locked(scope, visit_id)
    moved = starts_at is not None and starts_at != row.starts_at
    if starts_at is not None and moved:
        _check_ahead(starts_at, now)
    changed = _set(scope, row, status or ("booked" if moved else row.status), starts_at or row.starts_at, moved)
    if status == "missed" and row.status != "missed" and row.episode_status != "ended":
        follow_missed_visit(scope, row, now)
    if row.episode_status != "ended":
        replan_episode(scope, row.episode_id, now)
        if changed.sequence != row.sequence and changed.status in ("booked", "cancelled"):
            tell_visit_news(scope, changed, row.starts_at, row.patient_id, now)
    record_audit(scope, actor, "appointment.changed", ("appointment", visit_id), now, row.patient_id)
    return changed


def confirm_visit_by_id(scope: ClinicScope, visit_id: UUID, actor: Actor, now: datetime) -> Visit:
    """The patient will come. Raises NotFound, or Conflict for a visit that is over or off."""
    row = _locked(scope, visit_id)
    _check_open(row, now)
    record_audit(scope, actor, "appointment.confirmed", ("appointment", visit_id), now, row.patient_id)
    return _set(scope, row, "confirmed", row.starts_at)


def ask_to_change_visit_by_id(scope: ClinicScope, visit_id: UUID, actor: Actor, now: datetime) -> Visit:
    """The patient needs another time: somebody has to call. Raises as `confirm_visit_by_id`."""
    row = _locked(scope, visit_id)
    _check_open(row, now)
    subject = FlagSubject(episode_id=row.episode_id, patient_id=row.patient_id)
    tier = tier_of_change(row.starts_at, now)
    finding = Finding("visit_change_asked", "1", "operations", tier, "Asks to change a visit", MINUTES[tier], {})
    page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
    record_audit(scope, actor, "appointment.change_asked", ("appointment", visit_id), now, row.patient_id)
    return _set(scope, row, "change_asked", row.starts_at)


def _check_ahead(starts_at: datetime, now: datetime) -> None:
    if not now < starts_at <= now + LONGEST_AHEAD:
        raise Invalid("must lie ahead, by two years at most", field="starts_at")


def _check_open(row: AnyRow, now: datetime) -> None:
    if row.starts_at <= now or row.status not in ("booked", "confirmed", "change_asked"):
        raise Conflict("This visit is over, or was called off.")


def _lock_recovery(scope: ClinicScope, visit_id: UUID) -> None:
    """Lock the recovery of a visit, before the visit: its plan is made anew."""
    visit, episode = tables.appointment, tables.episode
    of_visit = select(visit.c.episode_id).where(visit.c.clinic_id == scope.clinic_id, visit.c.id == visit_id)
    scope.connection.execute(
        select(episode.c.id)
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.id == of_visit.scalar_subquery())
        .with_for_update(key_share=True)
    )


def _locked(scope: ClinicScope, visit_id: UUID) -> AnyRow:
    visit, episode = tables.appointment, tables.episode
    row = scope.connection.execute(
        select(visit, episode.c.patient_id, episode.c.status.label("episode_status"))
        .join(episode, (episode.c.clinic_id == visit.c.clinic_id) & (episode.c.id == visit.c.episode_id))
        .where(visit.c.clinic_id == scope.clinic_id, visit.c.id == visit_id)
        .with_for_update(of=visit)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such visit.")
    return row


def _set(scope: ClinicScope, row: AnyRow, status: str, starts_at: datetime, moved: bool = False) -> Visit:
    """Store what became of a visit; a calendar takes it as newer where it was moved, or called off or on again."""
    visit = tables.appointment
    is_newer = moved or (status == "cancelled") != (row.status == "cancelled")
    sequence = row.sequence + is_newer
    scope.connection.execute(
        update(visit)
        .where(visit.c.clinic_id == scope.clinic_id, visit.c.id == row.id)
        .values(status=status, starts_at=starts_at, sequence=sequence, **({"settled_at": None} if moved else {}))
    )
    return Visit(row.id, row.episode_id, starts_at, status, sequence)
