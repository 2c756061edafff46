"""What a clinician does with a flag: take it, hand it on, put it off, close it with an outcome, open it again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, cast, func, select, update
from sqlalchemy.exc import IntegrityError

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.alert_load import ACTED_ON
from recovery_api.domain.errors import Conflict, Invalid, NotFound, StaleVersion
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.models.flags import OUTCOMES
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.climb_ladder import NO_RUNG, climb_anew, wait_for_owner
from recovery_api.services.find_people import CARE
from recovery_api.services.raise_flags import FlagSubject, take_turn
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.tell_assignee import tell_assignee
from recovery_api.services.tell_patient import tell_patient, unsay
from recovery_api.services.tell_people import withdraw_calls

LONGEST_SNOOZE = timedelta(hours=24)
LONGEST_NOTE = 4000
UNDO = timedelta(seconds=10)
_ON_ITS_WAY = timedelta(seconds=2)  # a press in the last moment still counts


@dataclass(frozen=True, slots=True)
class Deed:
    """One clinician's deed on one flag; `version` is what they saw, None where they saw none."""

    clinician_id: UUID
    flag_id: UUID
    version: int | None


def acknowledge_flag(scope: ClinicScope, deed: Deed, now: datetime) -> int:
    """Take a flag; returns its new version. Its ladder ends, and the patient is told that a person has the report.

    Raises StaleVersion, Conflict or NotFound.
    """
    row = _locked(scope, deed)
    is_mine = row.status == "acknowledged" and row.owner_id == deed.clinician_id
    if is_mine and row.next_rung_at is None:
        return int(row.version)
    if row.status in ("acknowledged", "resolved") and not is_mine:
        raise Conflict("Somebody else took this flag first.")
    return _change(
        scope, deed, row, "acknowledged", now, status="acknowledged", owner_id=deed.clinician_id,
        acknowledged_at=now, snoozed_until=None, **NO_RUNG, **tell_patient(scope, row, now, UNDO + _ON_ITS_WAY),
    )  # fmt: skip


def assign_flag(scope: ClinicScope, deed: Deed, assignee_id: UUID, now: datetime) -> int:
    """Hand a flag to a colleague, who owns it from now on and is paged. Raises as `acknowledge_flag`, and Invalid.

    A grave one calls everybody again where that colleague does not take it in a rung's time.
    """
    row = _open(scope, deed)
    clinician = tables.clinician
    known = scope.connection.execute(
        select(clinician.c.id).where(
            clinician.c.clinic_id == scope.clinic_id, clinician.c.id == assignee_id, clinician.c.disabled_at.is_(None),
            clinician.c.role.in_(CARE),
        )
    ).scalar()  # fmt: skip
    if known is None:
        raise Invalid("is nobody of this clinic", field="assignee")
    rung = NO_RUNG
    if assignee_id != deed.clinician_id:
        tell_assignee(scope, row, assignee_id, now)
        rung = wait_for_owner(scope, row, now)
    return _change(
        scope, deed, row, "assigned", now, {"to": str(assignee_id)},
        status="acknowledged", owner_id=assignee_id, acknowledged_at=row.acknowledged_at or now, snoozed_until=None,
        **rung, **tell_patient(scope, row, now),
    )  # fmt: skip


def snooze_flag(scope: ClinicScope, deed: Deed, until: datetime, reason: str, now: datetime) -> int:
    """Put a flag off with a reason, a day at most, and never an emergency; the patient is told as ever.

    One that is asleep may be put off further within the day that it fell asleep: once a day at least it calls.
    """
    row = _open(scope, deed)
    if row.tier == Tier.EMERGENCY:
        raise Conflict("An emergency cannot be put off.")
    since = min(_asleep_since(scope, row) or now, now) if row.status == "snoozed" else now
    if not now < until <= since + LONGEST_SNOOZE:
        raise Invalid("must lie ahead, by 24 hours at most", field="until")
    detail = {"until": until.isoformat(), "since": since.isoformat()}
    return _change(
        scope, deed, row, "snoozed", now, detail, _note(reason, "reason"),
        status="snoozed", snoozed_until=until, **NO_RUNG, **tell_patient(scope, row, now),
    )  # fmt: skip


def _asleep_since(scope: ClinicScope, row: AnyRow) -> datetime | None:
    """When a flag that is asleep fell asleep, as the press that it sleeps by has it: no order of times is asked for."""
    event, instant = tables.flag_event, DateTime(timezone=True)
    since = func.coalesce(cast(event.c.detail["since"].astext, instant), event.c.at)
    found: datetime | None = scope.connection.execute(
        select(func.min(since)).where(
            event.c.clinic_id == scope.clinic_id,
            event.c.flag_id == row.id,
            event.c.kind == "snoozed",
            cast(event.c.detail["until"].astext, instant) == row.snoozed_until,
        )
    ).scalar_one()
    return found


def resolve_flag(scope: ClinicScope, deed: Deed, outcome: str, note: str, now: datetime) -> int:
    """Close a flag with an outcome and a note. Who could not be reached stays on the list.

    That flag climbs its ladder again, from the second rung: the first one has just tried. A patient whom nobody has
    spoken with is told that their report was read, unless they were told before.
    """
    row = _open(scope, deed)
    if outcome not in OUTCOMES:
        raise Invalid(f"must be one of {', '.join(OUTCOMES)}", field="outcome")
    said = _note(note, "note")
    told = {} if outcome in ACTED_ON else tell_patient(scope, row, now)
    if outcome == "could_not_reach":
        return _change(
            scope, deed, row, "could_not_reach", now, None, said,
            status="open", owner_id=None, acknowledged_at=None, snoozed_until=None,
            **climb_anew(scope, row, Tier(row.tier), now, rung=1), **told,
        )  # fmt: skip
    return _change(
        scope, deed, row, "resolved", now, {"outcome": outcome}, said,
        status="resolved", outcome=outcome, resolved_at=now, owner_id=row.owner_id or deed.clinician_id,
        snoozed_until=None, **NO_RUNG, **told,
    )  # fmt: skip


def reopen_flag(scope: ClinicScope, deed: Deed, note: str, now: datetime) -> int:
    """Open a closed flag again. Raises Conflict where it is open, or where a newer one stands in its place."""
    _wait_for_turn(scope, deed)
    row = _locked(scope, deed)
    if row.status != "resolved":
        raise Conflict("This flag is not resolved.")
    try:
        with scope.savepoint():
            return _change(
                scope, deed, row, "reopened", now, None, note.strip() or None,
                status="open", outcome=None, resolved_at=None, owner_id=None, acknowledged_at=None,
                waiting_since=now, **climb_anew(scope, row, Tier(row.tier), now, rung=1),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("A newer flag of this kind is open already.") from None


def release_flag(scope: ClinicScope, deed: Deed, now: datetime) -> int:
    """Take one's own acknowledgement back, within UNDO of it: the flag calls again, from the second rung.

    The patient is not told then that somebody has read the report, unless the text has left.
    Raises Conflict where it is somebody else's, or too late, StaleVersion or NotFound.
    """
    row = _locked(scope, deed)
    if row.status != "acknowledged" or row.owner_id != deed.clinician_id:
        raise Conflict("This flag is not yours any more.")
    if now - row.acknowledged_at > UNDO + _ON_ITS_WAY:
        raise Conflict("It is too late to take that back. Give the flag to a colleague, or close it.")
    scope.flush()
    unsaid = unsay(scope, row, now)
    return _change(
        scope, deed, row, "reopened", now, {"undone": True, "unsaid": bool(unsaid)},
        status="open", owner_id=None, acknowledged_at=None, **unsaid,
        **climb_anew(scope, row, Tier(row.tier), now, rung=1),
    )  # fmt: skip


def _wait_for_turn(scope: ClinicScope, deed: Deed) -> None:
    """The turn of a flag's subject, always before its row, as a text takes them that is about to open one."""
    flag = tables.flag
    row = scope.connection.execute(
        select(flag.c.episode_id, flag.c.phone_digest).where(
            flag.c.clinic_id == scope.clinic_id, flag.c.id == deed.flag_id
        )
    ).one_or_none()
    if row is not None:
        take_turn(scope, FlagSubject(episode_id=row.episode_id, phone_digest=row.phone_digest))


def _note(text: str, field: str) -> str:
    said = text.strip()
    if not said:
        raise Invalid("is required", field=field)
    if len(said) > LONGEST_NOTE:
        raise Invalid(f"must be at most {LONGEST_NOTE} characters", field=field)
    return said


def _open(scope: ClinicScope, deed: Deed) -> AnyRow:
    row = _locked(scope, deed)
    if row.status == "resolved":
        raise Conflict("This flag is resolved already.")
    return row


def _locked(scope: ClinicScope, deed: Deed) -> AnyRow:
    flag = tables.flag
    row = scope.connection.execute(
        select(flag).where(flag.c.clinic_id == scope.clinic_id, flag.c.id == deed.flag_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such flag.")
    if deed.version is not None and deed.version != row.version:
        raise StaleVersion("Somebody else changed this flag since you saw it.")
    return row


def _change(
    scope: ClinicScope,
    deed: Deed,
    row: AnyRow,
    kind: str,
    now: datetime,
    detail: dict[str, Any] | None = None,
    note: str | None = None,
    **values: Any,
) -> int:
    """Write the new state, the event and the audit line together; every deed ends the climb that was under way."""
    withdraw_calls(scope, deed.flag_id, now)
    flag, version = tables.flag, int(row.version) + 1
    scope.connection.execute(
        update(flag)
        .where(flag.c.clinic_id == scope.clinic_id, flag.c.id == deed.flag_id)
        .values(version=version, **values)
    )
    add_event(scope, deed.flag_id, kind, now, deed.clinician_id, detail, note)
    record_audit(
        scope, Actor("clinician", deed.clinician_id), f"flag.{kind}", ("flag", deed.flag_id), now, row.patient_id
    )
    return version
