"""Handing a duty over in the middle of a shift: the shifts of the days concerned, written out anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery_api.domain.errors import Conflict
from recovery_api.domain.rota import Shift, shifts_of


def hand_over(
    shifts: Sequence[Shift],
    holidays: frozenset[date],
    duty: str,
    people: tuple[UUID, UUID],
    now: datetime,
    zone: ZoneInfo,
) -> dict[date, list[Shift]]:
    """By local day, the single shifts that stand in place of the duty's others once it went from one to the other.

    The giver's shift ends at this minute and the taker has the rest of it; everybody else keeps theirs. Raises Conflict
    where the giver does not have the duty now.
    """
    giver, taker = people
    local = now.astimezone(zone)
    today, minute = local.date(), local.time().replace(second=0, microsecond=0, tzinfo=None)
    days = {day: shifts_of(shifts, holidays, duty, day) for day in (today - timedelta(days=1), today)}
    given = [(day, one) for day, mine in days.items() for one in mine if _has(one, giver, day, now, zone)]
    if not given:
        raise Conflict("They do not have this duty now.")
    written = {}
    for day in {today, *(day for day, _ in given)}:
        kept = [one for one in days[day] if (day, one) not in given]
        written[day] = [replace(one, weekday=None, on=day) for one in kept]
    for day, shift in given:
        if shift.starts != minute:
            written[day].append(replace(shift, weekday=None, on=day, ends=minute))
        written[today].append(Shift(taker, duty, minute, shift.ends, on=today))
    return written


def _has(shift: Shift, who: UUID, day: date, now: datetime, zone: ZoneInfo) -> bool:
    return shift.clinician_id == who and shift.covers(day, now, zone)
