"""A clinic's working hours, and the next moment within them: what may wait for the morning waits for it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import local_instant

LONGEST_CLOSED_DAYS = 31


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

    def next_open(self, instant: datetime) -> datetime:
        """The instant itself (UTC) where the clinic works then, else the next opening.

        A clinic that says to be closed for more than a month on end is taken to have forgotten to say more.
        """
        local = instant.astimezone(self.zone)
        if self.works_on(local.date()) and local.time() < self.closes:
            return max(instant.astimezone(UTC), local_instant(self.zone, local.date(), self.opens))
        for ahead in range(1, LONGEST_CLOSED_DAYS + 1):
            day = local.date() + timedelta(days=ahead)
            if self.works_on(day):
                return local_instant(self.zone, day, self.opens)
        return local_instant(self.zone, local.date() + timedelta(days=1), self.opens)
