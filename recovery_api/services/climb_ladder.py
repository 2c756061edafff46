"""Climb the ladder: where each flag stands, with the flag and in the queue of due work, and its next rungs told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic
from recovery_api.domain.ladder import NEVER_WAITS, Climb, Standing, Step
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.claim_work import Claim, finish, release
from recovery_api.services.draw_code import draw_climb
from recovery_api.services.find_ladder import ClinicLadder, find_ladder
from recovery_api.services.set_aside import work_off_singly
from recovery_api.services.tell_people import Called, tell_people

BATCH = 50
BUSY = timedelta(seconds=1)
NO_RUNG: dict[str, Any] = {"next_rung": None, "next_rung_at": None}  # somebody has it, or it is asleep or closed
GIVEN_IN_VAIN = "whoever was given it has not taken it"


def stand(scope: ClinicScope, flag_id: UUID, standing: Standing, **values: Any) -> None:
    """Write where a flag stands, in the flag and in the queue of due work together."""
    place = {"next_rung": standing.rung, "next_rung_at": standing.due_at}
    scope.change_late(tables.flag, flag_id, **place, **values)
    queue_rung(scope, flag_id, standing.due_at)


def queue_rung(scope: ClinicScope, flag_id: UUID, due_at: datetime) -> None:
    """Give a flag its place in the queue of due work, whether it had one or not."""
    work = insert(tables.due_work).values(
        clinic_id=scope.clinic_id, kind="rung", row_id=flag_id, due_at=due_at, priority=1, held_until=real_now()
    )
    free = {"due_at": work.excluded.due_at, "held_until": work.excluded.held_until, "holder": None}
    scope.connection.execute(work.on_conflict_do_update(index_elements=["clinic_id", "kind", "row_id"], set_=free))


def climb_anew(
    scope: ClinicScope, flag: AnyRow, tier: Tier, now: datetime, rung: int = 0, at_once: bool = False
) -> dict[str, Any]:
    """Begin another climb of a flag (a row with id and climb) at `rung`; returns the columns to be written with it.

    `at_once` tells the first people now, or when the clinic next opens where the tier waits for that.
    """
    climb = find_ladder(scope).climb(tier)
    standing = climb.at_once(now) if at_once else climb.begin(now, rung)
    queue_rung(scope, flag.id, standing.due_at)
    return {"climb": draw_climb(scope, flag), "next_rung": standing.rung, "next_rung_at": standing.due_at}


def wait_for_owner(scope: ClinicScope, flag: AnyRow, now: datetime) -> dict[str, Any]:
    """Keep a grave flag's next rung while whoever was given it has not taken it; returns the columns for that."""
    tier = Tier(flag.tier)
    if tier not in NEVER_WAITS:
        return NO_RUNG
    standing = find_ladder(scope).climb(tier).begin(now, 1)
    queue_rung(scope, flag.id, standing.due_at)
    return {"next_rung": standing.rung, "next_rung_at": standing.due_at}


def climb_due(holder: str, vaults: Vaults, channels: Collection[str], now: datetime, most: int = BATCH) -> int:
    """Tell the rungs of up to `most` flags that are due at `now`; returns how many flags were looked at."""

    def work(connection: Connection, claims: Sequence[Claim]) -> None:
        for claim in claims:
            _climb(enter_clinic(connection, claim.clinic_id, vaults), claim, channels, now)

    return work_off_singly("rung", holder, now, most, work)


def _climb(scope: ClinicScope, claim: Claim, channels: Collection[str], now: datetime) -> None:
    """One flag's next step. A flag that somebody is changing right now is left for a moment, never waited for."""
    row = scope.connection.execute(_FLAG, {"clinic": scope.clinic_id, "id": claim.row_id}).one_or_none()
    if row is None:
        release(scope.connection, "rung", scope.clinic_id, claim.row_id, real_now() + BUSY)
        return
    if row.status == "acknowledged" and row.next_rung_at is not None and row.next_rung_at <= now:
        _call_back(scope, row, now)
        return
    if row.status != "open" or row.next_rung_at is None:
        finish(scope.connection, "rung", scope.clinic_id, claim.row_id)
        return
    place = Place.of(row)
    ladder = find_ladder(scope)
    step = ladder.climb(place.called.tier).step(place.standing, now)
    tell_step(scope, place, step, ladder, channels, now)
    stand(scope, claim.row_id, step.then)


def _call_back(scope: ClinicScope, row: AnyRow, now: datetime) -> None:
    """A grave flag that somebody was given and has not taken in a rung's time calls everybody again."""
    flag = tables.flag
    again = climb_anew(scope, row, Tier(row.tier), now, at_once=True)
    scope.connection.execute(
        update(flag)
        .where(flag.c.clinic_id == scope.clinic_id, flag.c.id == row.id)
        .values(
            status="open", owner_id=None, acknowledged_at=None, waiting_since=now, version=flag.c.version + 1, **again
        )
    )
    add_event(scope, row.id, "woken", now, detail={"reason": GIVEN_IN_VAIN, "called": True})


@dataclass(frozen=True, slots=True)
class Place:
    """A flag that calls, and where it stands."""

    called: Called
    standing: Standing

    @classmethod
    def of(cls, row: AnyRow) -> "Place":
        """From a row of `find_places`."""
        called = Called(row.id, Tier(row.tier), row.climb, row.is_synthetic or False)
        return cls(called, Standing(row.next_rung, row.next_rung_at))


def tell_step(
    scope: ClinicScope, place: Place, step: Step, ladder: ClinicLadder, channels: Collection[str], now: datetime
) -> None:
    """Tell the rungs of one step."""
    if step.told:
        tell_people(scope, place.called, step.told, ladder, channels, now)


def find_places(scope: ClinicScope, flag_ids: Sequence[UUID]) -> dict[UUID, Place]:
    """Where these open flags stand; what the caller wrote late is seen."""
    scope.flush()
    rows = scope.connection.execute(_PLACES.where(_f.c.clinic_id == scope.clinic_id, _f.c.id.in_(flag_ids)))
    return {row.id: Place.of(row) for row in rows if row.next_rung is not None}


def climb_of(ladder: ClinicLadder, place: Place) -> Climb:
    """The climb that a flag is on."""
    return ladder.climb(place.called.tier)


_f, _p = tables.flag, tables.patient
_PLACES = select(
    _f.c.id, _f.c.tier, _f.c.status, _f.c.climb, _f.c.next_rung, _f.c.next_rung_at, _p.c.is_synthetic
).select_from(_f.outerjoin(_p, (_p.c.clinic_id == _f.c.clinic_id) & (_p.c.id == _f.c.patient_id)))
_FLAG = _PLACES.where(_f.c.clinic_id == bindparam("clinic"), _f.c.id == bindparam("id")).with_for_update(
    of=_f, skip_locked=True
)
