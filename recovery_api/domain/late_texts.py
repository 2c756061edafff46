"""What is late on its day, as on the day of enrolment: one text after the other, never all of them at one minute."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import OPENS, allowed_until
from recovery_api.domain.protocol import KINDS
from recovery_api.domain.schedule import APART, LATEST, Hold, PlannedReminder, is_held

_NEVER_LEFT_OUT = ("check_in", "follow_up_visit")


def place_late(
    planned: Sequence[PlannedReminder], zone: ZoneInfo, now: datetime, holds: Sequence[Hold] = ()
) -> tuple[PlannedReminder, ...]:
    """The same plan, in which what was due before `now` (UTC) leaves from now on, an hour from everything else.

    The most important goes first, at once where nothing else is near. What finds no time in the hours of its day is
    left out, a question or a visit never; in a hold all of it.
    """
    late = [one for one in planned if one.due_at < now]
    kept = [one for one in planned if one.due_at >= now]
    taken = [one.due_at for one in kept]
    for one in sorted(late, key=lambda one: (KINDS.index(one.kind), one.due_at)):
        free = _free_from(now, one, taken, zone)
        if free is None and one.kind not in _NEVER_LEFT_OUT:
            continue
        leaves_at = free or now
        if is_held(leaves_at, holds):
            continue
        taken.append(leaves_at)
        kept.append(one if leaves_at == now else _moved(one, leaves_at, zone))
    return tuple(sorted(kept, key=lambda one: one.due_at)) if late else tuple(planned)


def _free_from(now: datetime, one: PlannedReminder, taken: Sequence[datetime], zone: ZoneInfo) -> datetime | None:
    """The first instant from `now` on that is free, on the same local day and in its hours; None without one."""
    ends = (other + APART for other in taken)
    for due_at in sorted([now, *(end for end in ends if end > now)]):
        local = due_at.astimezone(zone)
        in_hours = local.date() == one.local_on and OPENS <= local.time() <= LATEST
        if in_hours and all(abs(due_at - other) >= APART for other in taken):
            return due_at
    return None


def _moved(one: PlannedReminder, due_at: datetime, zone: ZoneInfo) -> PlannedReminder:
    until = min(one.expires_at + (due_at - one.due_at), allowed_until(due_at, zone))
    return replace(one, due_at=due_at, expires_at=until)
