"""When a phone that nobody answered is called again, and when a person is asked to do it instead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import allowed_until, within_quiet_hours
from recovery_api.domain.tiers import Tier


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The protocol of calls: how long it rings, the waits before each further try, and what follows the last.

    No call begins within `least_left` of the patient's quiet hours, nor sooner than `least_apart` after another.
    """

    version: str
    ring_seconds: int
    waits: tuple[timedelta, ...]
    least_apart: timedelta
    least_left: timedelta
    unreached_tier: Tier
    respond_minutes: int


def next_try(plan: CallPlan, tries: int, now: datetime, zone: ZoneInfo, until: datetime | None) -> datetime | None:
    """The instant (UTC) of another try on the same local day, None where a person calls instead.

    `tries` were made so far; `until` is when the day's question runs out, None for the end of the day's hours.
    """
    if tries < 1 or tries > len(plan.waits) or within_quiet_hours(now, zone):
        return None
    ends = min(allowed_until(now, zone), until or allowed_until(now, zone))
    at = min(now + plan.waits[tries - 1], ends - plan.least_left)
    return at if at >= now + plan.least_apart else None
