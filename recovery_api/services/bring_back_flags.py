"""Bring back flags that somebody took or was given and did not close: they are nobody's again, and people are paged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, literal, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.ladder import NEVER_WAITS
from recovery_api.domain.left_lying import LEAST, LastDeed, stays_until
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.climb_ladder import climb_anew
from recovery_api.services.read_flags import array_of_ids
from recovery_api.services.say_how_soon import response_times

LEFT_LYING = "somebody had it, and it was not closed in time"


def bring_back_flags(scope: ClinicScope, now: datetime) -> int:
    """Open what was not closed in its time, with its old place on the worklist; returns how many.

    The gravest of those that come back at once pages the first people on duty; they see the others with it, which go
    on from the second rung, or where they wait for working hours from the first.
    """
    scope.flush()
    rows = scope.connection.execute(_taken(scope, now)).all()
    if not rows:
        return 0
    times = response_times(scope)
    late = [row for row in rows if stays_until(Tier(row.tier), _last(row), times) <= now]
    late.sort(key=lambda row: (Tier(row.tier).rank, row.waiting_since or row.opened_at, row.id))
    free = _locked(scope, late) if late else set()
    back = [row for row in late if row.id in free]
    for row in back:
        _bring_back(scope, row, row is back[0], now)
    return len(back)


def _taken(scope: ClinicScope, now: datetime) -> Any:
    """Flags that somebody has had for a while, with the last deed of a person on each."""
    flag, event = tables.flag, tables.flag_event
    story = (event.c.clinic_id == flag.c.clinic_id) & (event.c.flag_id == flag.c.id)
    deed = (
        select(event.c.at, event.c.kind, event.c.clinician_id)
        .where(story, event.c.clinician_id.is_not(None))
        .order_by(event.c.at.desc(), event.c.id.desc())
        .limit(1)
        .lateral("deed")
    )
    came_back = select(func.max(event.c.at)).where(
        story, event.c.kind == "woken", event.c.detail["reason"].astext == LEFT_LYING
    )
    gave = (deed.c.kind == "assigned") & deed.c.clinician_id.is_distinct_from(flag.c.owner_id)
    return (
        select(
            flag.c.id, flag.c.version, flag.c.tier, flag.c.climb, flag.c.opened_at, flag.c.waiting_since, deed.c.at,
            gave.label("gave"), came_back.scalar_subquery().label("came_back_at"),
        )
        .join(deed, literal(True))
        .where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.status == "acknowledged",
            flag.c.next_rung_at.is_(None),
            flag.c.acknowledged_at <= now - LEAST,
        )
    )  # fmt: skip


def _locked(scope: ClinicScope, late: Sequence[AnyRow]) -> set[UUID]:
    """Those that nobody is changing right now, and nobody did since they were read; the others' turn comes again."""
    flag, seen = tables.flag, {row.id: row.version for row in late}
    chosen = (
        select(flag.c.id, flag.c.version)
        .where(flag.c.clinic_id == scope.clinic_id, flag.c.id == any_(array_of_ids(seen)))
        .with_for_update(skip_locked=True)
    )
    return {row.id for row in scope.connection.execute(chosen) if row.version == seen[row.id]}


def _last(row: AnyRow) -> LastDeed:
    return LastDeed(row.at, row.gave, row.came_back_at)


def _bring_back(scope: ClinicScope, row: AnyRow, is_first: bool, now: datetime) -> None:
    flag, tier = tables.flag, Tier(row.tier)
    again = climb_anew(scope, row, tier, now, rung=int(tier in NEVER_WAITS), at_once=is_first)
    scope.connection.execute(
        update(flag)
        .where(flag.c.clinic_id == scope.clinic_id, flag.c.id == row.id)
        .values(status="open", owner_id=None, acknowledged_at=None, version=flag.c.version + 1, **again)
    )
    add_event(scope, row.id, "woken", now, detail={"reason": LEFT_LYING, "called": True})
