"""Flags that somebody has and does not close: until when they stay with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from recovery_api.domain.response_time import ResponseTimes
from recovery_api.domain.tiers import Tier

TAKEN_LASTS = 2  # times the response time of its tier
LEAST = timedelta(hours=1)  # an emergency is in somebody's hands for longer than its 15 minutes
ONCE_IN = timedelta(days=1)  # what came back and was taken again


@dataclass(frozen=True, slots=True)
class LastDeed:
    """The last thing that a person did with a flag (UTC), whether it was to hand it on, and when it last came back."""

    at: datetime
    gave: bool
    came_back_at: datetime | None = None


def stays_until(tier: Tier, last: LastDeed, times: ResponseTimes) -> datetime:
    """The UTC instant from which a flag that is not closed calls again (shipped protocol, by judgement).

    Who took it has twice the response time of its tier since the last deed on it, and an hour at least. Who was given
    it and did nothing has it once. Working hours count as they do for the response time; a flag comes back once a day
    at most, so that nobody is paged again and again about work that takes long.
    """
    times_over = 1 if last.gave else TAKEN_LASTS
    until = max(times.respond_by(tier, times.minutes[tier] * times_over, last.at), last.at + LEAST)
    return until if last.came_back_at is None else max(until, last.came_back_at + ONCE_IN)
