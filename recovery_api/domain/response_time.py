"""By when somebody must act on a finding, and in how many hours a patient may be told so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from recovery_api.domain.local_time import local_instant
from recovery_api.domain.tiers import Tier
from recovery_api.domain.working_hours import LONGEST_CLOSED_DAYS, WorkingHours

_DAY_MINUTES = 24 * 60
_HOUR = timedelta(hours=1)
# What the program itself finds has these, and so has everything while no rules can be read (shipped protocol).
USUAL_MINUTES = {Tier.EMERGENCY: 15, Tier.URGENT: 120, Tier.TODAY: _DAY_MINUTES, Tier.REVIEW: 3 * _DAY_MINUTES}
# A finding for today that comes while the clinic is closed has at least so much time from the next look at it on, or
# its own minutes where those are fewer (shipped protocol, by judgement: what waits over a weekend is done on the first
# morning).
AFTER_OPENING = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """The clock of a clinic: the minutes of its rules by tier, more of them out of its hours, and those hours."""

    minutes: Mapping[Tier, int]
    out_of_hours: Mapping[Tier, int]
    hours: WorkingHours

    def respond_by(self, tier: Tier, minutes: int, raised_at: datetime) -> datetime:
        """The UTC instant until which somebody must act on a finding of so many minutes.

        An emergency counts by the calendar. What is urgent while a clinic is closed gets the longer time of its tier,
        though no more than from the next opening on; a rule that gives less than its tier does keeps that. `today`
        reaches the first morning after a night or a weekend; in a longer closure somebody looks at it from the third
        closed day on. Whole days of `review` are working days.
        """
        own, opens = timedelta(minutes=minutes), self.hours.next_open(raised_at)
        latest = raised_at + own
        if tier is Tier.REVIEW:
            return self._working_days_after(raised_at, minutes)
        if tier is Tier.TODAY:
            return max(latest, self.hours.next_look(raised_at) + min(own, AFTER_OPENING))
        if opens <= raised_at or minutes < self.minutes[tier]:
            return latest
        longest = raised_at + timedelta(minutes=max(minutes, self.out_of_hours.get(tier, minutes)))
        return min(longest, opens + timedelta(minutes=minutes))

    def hours_left(self, tier: Tier, minutes: int, raised_at: datetime, now: datetime) -> int:
        """In how many whole hours from now a patient may be told that somebody acts: never sooner than the clock.

        Two at least: the words say "hours".
        """
        return max(ceil((self.respond_by(tier, minutes, raised_at) - now) / _HOUR), 2)

    def _working_days_after(self, raised_at: datetime, minutes: int) -> datetime:
        days, rest = divmod(minutes, _DAY_MINUTES)
        local = raised_at.astimezone(self.hours.zone)
        on = local.date()
        for _ in range(days):
            on = self._next_working_day(on)
        return local_instant(self.hours.zone, on, local.time()) + timedelta(minutes=rest)

    def _next_working_day(self, on: date) -> date:
        ahead = (on + timedelta(days=day) for day in range(1, LONGEST_CLOSED_DAYS + 1))
        return next((day for day in ahead if self.hours.works_on(day)), on + timedelta(days=1))
