"""Sums of a day that a phone makes: their bounds, and which of two is kept."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.errors import Invalid

MOST_STEPS = 200_000
OLDEST = timedelta(days=400)
_ZONES_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DaySum:
    """What was walked on one calendar day, as one phone summed it up; None is not measured, never zero."""

    on_day: date
    steps: int | None
    minutes_walked: int | None
    source: str
    coverage: str
    computed_at: datetime


def bounded_sum(given: DaySum, now: datetime, zone: ZoneInfo) -> DaySum:
    """The sum as it is kept: no phone computes in the future. Raises Invalid for a day that cannot be summed yet.

    A clock that runs ahead would otherwise win against every later sum.
    """
    today = now.astimezone(zone).date()
    if given.on_day > today + _ZONES_AHEAD or given.on_day < today - OLDEST:
        raise Invalid(f"must lie within the last {OLDEST.days} days", field="date")
    if given.steps is None and given.minutes_walked is None:
        raise Invalid("give steps, minutes_walked or both; a day that was not measured is left out", field="steps")
    computed_at = min(given.computed_at, now)
    return DaySum(given.on_day, given.steps, given.minutes_walked, given.source, given.coverage, computed_at)
