"""The rota: who is on duty at an instant, by weekly shifts, single days and holidays in the clinic's own time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import local_instant

HOLIDAY = 7  # the weekday of a shift that stands on holidays in place of that day's own


@dataclass(frozen=True, slots=True)
class Shift:
    """One clinician's duty on a weekday (0 is Monday, 7 a holiday) or on one day, from `starts` up to `ends`.

    Local times of the clinic; a shift whose end is not after its start ends on the next day. At the hand-over the
    one who comes has the duty, and the one who goes does not.
    """

    clinician_id: UUID
    duty: str
    starts: time
    ends: time
    weekday: int | None = None
    on: date | None = None

    def covers(self, day: date, instant: datetime, zone: ZoneInfo) -> bool:
        """Whether the shift that begins on a local day is on at an instant."""
        last = day + timedelta(days=0 if self.ends > self.starts else 1)
        return local_instant(zone, day, self.starts) <= instant < local_instant(zone, last, self.ends)


def on_duty(
    shifts: Sequence[Shift], holidays: frozenset[date], duty: str, instant: datetime, zone: ZoneInfo
) -> list[UUID]:
    """Who has a duty at an instant, each once; a shift of a single day stands in place of that day's weekly ones."""
    today = instant.astimezone(zone).date()
    found: list[UUID] = []
    for day in (today - timedelta(days=1), today):
        for shift in shifts_of(shifts, holidays, duty, day):
            if shift.covers(day, instant, zone) and shift.clinician_id not in found:
                found.append(shift.clinician_id)
    return found


def shifts_of(shifts: Sequence[Shift], holidays: frozenset[date], duty: str, day: date) -> list[Shift]:
    """The shifts of one duty that begin on a local day: its single ones, else those of a holiday, else the weekly."""
    mine = [shift for shift in shifts if shift.duty == duty]
    single = [shift for shift in mine if shift.on == day]
    if single:
        return single
    if day in holidays:
        held = [shift for shift in mine if shift.weekday == HOLIDAY]
        if held:
            return held
    return [shift for shift in mine if shift.weekday == day.weekday()]
