"""Watch that nothing is left alone: recoveries, inbound texts, open flags, and the parts they need, each minute."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction, open_transaction
from recovery_api.domain.ladder import Standing
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.answer_flags import LONGEST_SNOOZE
from recovery_api.services.climb_ladder import climb_anew, queue_rung, stand
from recovery_api.services.find_check_in_days import find_check_in_days
from recovery_api.services.find_ladder import ClinicLadder, find_ladder
from recovery_api.services.find_people import CARE
from recovery_api.services.follow_clock import follow_clock
from recovery_api.services.keep_watch import keep_watch, read_watches
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.plan_reminders import plan_episode
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.set_aside import TROUBLE
from recovery_api.services.watch_parts import broken_parts

NO_PLAN = "No text is planned for this patient any more: look at the plan, or call"
RESPOND_MINUTES = 24 * 60


def watch_coverage(vaults: Vaults, now: datetime) -> int:
    """Look at every clinic; returns how many things were found alone. What can be mended is; the rest is flagged."""
    follow_clock(vaults, now)
    return sum(_watch_or_say_so(clinic_id, vaults, now) for clinic_id in _clinics())


def _clinics() -> list[UUID]:
    """Every clinic that has a number, or was ever watched: one that loses its number is not forgotten."""
    with open_transaction() as connection:
        watched = {one.clinic_id for one in read_watches(connection)}
    return sorted(watched.union(list_clinics()))


def _watch_or_say_so(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    """A clinic that cannot be looked at, as one whose zone is none, is in trouble, and keeps no other from its look."""
    try:
        return _watch_clinic(clinic_id, vaults, now)
    except TROUBLE as error:
        with open_transaction() as connection:
            keep_watch(connection, clinic_id, "coverage", "clinic 1", {"clinic": 1})
        warn("coverage.broken", clinic_id=str(clinic_id), count=1, kind="clinic", error=type(error).__name__)
        return 1


def _watch_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        ladder = find_ladder(scope)
        counts = {
            "episodes": _episodes(scope, now),
            "messages": _messages(scope),
            "flags": _flags(scope, ladder, now),
            **broken_parts(scope, ladder, now),
        }
        alone = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        keep_watch(scope.connection, clinic_id, "coverage", alone or None, counts)
    if alone:
        warn("coverage.broken", clinic_id=str(clinic_id), count=sum(counts.values()), kind=alone)
    return sum(counts.values())


def _episodes(scope: ClinicScope, now: datetime) -> int:
    """Active recoveries without a next text: planned anew, and flagged where that brings none either."""
    waiting = scope.connection.execute(_without_text(scope, now)).all()
    asked = find_check_in_days(scope, [row.id for row in waiting])
    alone = [row for row in waiting if _lacks(row, asked[row.id], now)]
    for row in alone:
        if not _planned_anew(scope, row.id, now):
            finding = Finding("no_plan", "1", "operations", Tier.TODAY, NO_PLAN, RESPOND_MINUTES, {})
            if not _has_flag(scope, row.id):
                raise_flags(scope, FlagSubject(row.id, row.patient_id), [finding], now)
    return len(alone)


def _without_text(scope: ClinicScope, now: datetime) -> Any:
    episode, procedure, patient = tables.episode, tables.procedure, tables.patient
    reminder, work = tables.reminder, tables.due_work
    next_text = exists().where(
        reminder.c.clinic_id == episode.c.clinic_id,
        reminder.c.episode_id == episode.c.id,
        reminder.c.state == "planned",
        reminder.c.due_at > now,
        work.c.clinic_id == reminder.c.clinic_id,
        work.c.kind == "reminder",
        work.c.row_id == reminder.c.id,
    )
    return (
        select(episode.c.id, episode.c.patient_id, episode.c.planned_until, episode.c.ends_on, procedure.c.performed_on)
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .where(
            episode.c.clinic_id == scope.clinic_id,
            episode.c.status == "active",
            patient.c.status == "active",
            patient.c.is_synthetic.is_(False),
            ~next_text,
        )
    )


def _lacks(row: AnyRow, asked: frozenset[int], now: datetime) -> bool:
    """Whether a text should be planned: the planner is behind, or the protocol asks on a day that it has planned."""
    today = now.date()
    if row.ends_on <= today + timedelta(days=1):
        return False
    if row.planned_until is None or row.planned_until <= today:
        return True
    days = (row.performed_on + timedelta(days=day) for day in asked)
    return any(today + timedelta(days=1) < day < row.planned_until for day in days)


def _planned_anew(scope: ClinicScope, episode_id: UUID, now: datetime) -> int:
    episode = tables.episode
    try:
        with scope.savepoint():
            scope.connection.execute(
                update(episode)
                .where(episode.c.clinic_id == scope.clinic_id, episode.c.id == episode_id)
                .values(planned_until=None)
            )
            return plan_episode(scope, episode_id, now)
    except TROUBLE as error:
        warn("plan.left_out", clinic_id=str(scope.clinic_id), episode_id=str(episode_id), error=type(error).__name__)
        return 0


def _has_flag(scope: ClinicScope, episode_id: UUID) -> bool:
    flag = tables.flag
    chosen = select(flag.c.id).where(
        flag.c.clinic_id == scope.clinic_id,
        flag.c.episode_id == episode_id,
        flag.c.family == "operations",
        flag.c.status != "resolved",
    )
    return scope.connection.execute(chosen.limit(1)).first() is not None


def _messages(scope: ClinicScope) -> int:
    """Inbound texts of which nothing was made."""
    message = tables.message
    chosen = select(func.count()).where(
        message.c.clinic_id == scope.clinic_id,
        message.c.direction == "in",
        message.c.needs_person,
        message.c.handled_at.is_(None),
        message.c.disposition.is_(None),
    )
    return int(scope.connection.execute(chosen).scalar_one())


def _flags(scope: ClinicScope, ladder: ClinicLadder, now: datetime) -> int:
    """Flags that nobody has and no rung waits for; each is put back on its ladder at once."""
    rows = scope.connection.execute(_unresolved(scope)).all()
    return sum(_mend(scope, row, ladder, now) for row in rows)


def _unresolved(scope: ClinicScope) -> Any:
    flag, work, clinician = tables.flag, tables.due_work, tables.clinician
    return (
        select(
            flag.c.id, flag.c.tier, flag.c.status, flag.c.climb, flag.c.next_rung, flag.c.next_rung_at,
            flag.c.snoozed_until, clinician.c.id.label("owner_id"), work.c.due_at.label("queued_at"),
        )
        .outerjoin(
            work, (work.c.clinic_id == flag.c.clinic_id) & (work.c.kind == "rung") & (work.c.row_id == flag.c.id)
        )
        .outerjoin(
            clinician,
            (clinician.c.clinic_id == flag.c.clinic_id)
            & (clinician.c.id == flag.c.owner_id)
            & or_(clinician.c.disabled_at.is_(None) & clinician.c.role.in_(CARE), clinician.c.is_synthetic),
        )
        .where(flag.c.clinic_id == scope.clinic_id, flag.c.status != "resolved")
        .with_for_update(of=flag, skip_locked=True)
    )  # fmt: skip


def _mend(scope: ClinicScope, row: AnyRow, ladder: ClinicLadder, now: datetime) -> bool:
    given = row.status == "acknowledged" and row.owner_id is not None and row.next_rung_at is not None
    if row.status == "open" or given:
        return _mend_rung(scope, row, ladder, now)
    why = _why_nobody_comes(row, now)
    if why is None:
        return False
    again = climb_anew(scope, row, Tier(row.tier), now, at_once=True)
    _reopen(scope, row.id, now, again, why)
    return True


def _why_nobody_comes(row: AnyRow, now: datetime) -> str | None:
    """What is wrong with a flag that is taken or asleep; one put off for longer than may be met a clock put back."""
    if row.status == "acknowledged":
        return None if row.owner_id is not None else "its owner is no longer there"
    wakes = row.snoozed_until is not None and row.snoozed_until <= now + LONGEST_SNOOZE
    return None if wakes else "the time it was put off for is over"


def _mend_rung(scope: ClinicScope, row: AnyRow, ladder: ClinicLadder, now: datetime) -> bool:
    """Put an open flag back where it belongs; one that lies too far ahead was left there by a clock put back."""
    climb = ladder.climb(Tier(row.tier))
    if row.next_rung_at is None:
        stand(scope, row.id, climb.at_once(now))
        return True
    standing = Standing(row.next_rung or 0, row.next_rung_at)
    bounded = climb.bounded(standing, now)
    if bounded != standing:
        stand(scope, row.id, bounded)
        add_event(scope, row.id, "rung_moved", now, detail={"to": bounded.due_at.isoformat()})
        return False
    if row.queued_at is None or row.queued_at > standing.due_at:
        queue_rung(scope, row.id, standing.due_at)
        return True
    return False


def _reopen(scope: ClinicScope, flag_id: UUID, now: datetime, again: dict[str, Any], reason: str) -> None:
    flag = tables.flag
    values = {"status": "open", "owner_id": None, "acknowledged_at": None, "snoozed_until": None, **again}
    scope.connection.execute(
        update(flag)
        .where(flag.c.clinic_id == scope.clinic_id, flag.c.id == flag_id)
        .values(waiting_since=now, version=flag.c.version + 1, **values)
    )
    add_event(scope, flag_id, "woken", now, detail={"reason": reason, "called": True})
