"""A clinic's working hours, and the next moment within them: what may wait for the morning waits for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import local_instant

LONGEST_CLOSED_DAYS = 31
# Closed days in a row that what is for today waits for: those of an ordinary weekend (shipped protocol, by judgement;
# "the next business day" is meant for nights and weekends, and a clinic closed for four days has people on duty).
WEEKEND_DAYS = 2


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The local hours and weekdays (0 is Monday) of a clinic, and the days on which it is closed."""

    zone: ZoneInfo
    opens: time = time(8)
    closes: time = time(18)
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        """Whether the clinic works on a local day."""
        return day.weekday() in self.weekdays and day not in self.holidays

    def looks_in_on(self, day: date) -> bool:
        """Whether somebody looks at what is for today: the clinic works, or is closed for longer than a weekend."""
        before = (day - timedelta(days=days) for days in range(1, WEEKEND_DAYS + 1))
        return self.works_on(day) or not any(self.works_on(one) for one in before)

    def next_open(self, instant: datetime) -> datetime:
        """The instant itself (UTC) where the clinic works then, else the next opening.

        A clinic that says to be closed for more than a month on end is taken to have forgotten to say more.
        """
        return self._next(instant, self.works_on)

    def next_look(self, instant: datetime) -> datetime:
        """The same, of the days on which somebody looks in: three days ahead at most, however long a clinic is closed.

        From the third closed day in a row on, somebody looks at the hour at which the clinic would open.
        """
        return self._next(instant, self.looks_in_on)

    def _next(self, instant: datetime, counts: Callable[[date], bool]) -> datetime:
        local = instant.astimezone(self.zone)
        if counts(local.date()) and local.time() < self.closes:
            return max(instant.astimezone(UTC), local_instant(self.zone, local.date(), self.opens))
        for ahead in range(1, LONGEST_CLOSED_DAYS + 1):
            day = local.date() + timedelta(days=ahead)
            if counts(day):
                return local_instant(self.zone, day, self.opens)
        return local_instant(self.zone, local.date() + timedelta(days=1), self.opens)
