"""By when somebody must act on a finding."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import local_instant
from recovery_api.domain.tiers import Tier

_DAY_MINUTES = 24 * 60
_SATURDAY = 5


def respond_by(tier: Tier, minutes: int, raised_at: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant that lies the minutes of a finding after it was raised.

    Only `review` waits for weekends: its whole days are working days, Monday to Friday, in the clinic's zone.
    """
    if tier is not Tier.REVIEW:
        return raised_at + timedelta(minutes=minutes)
    days, rest = divmod(minutes, _DAY_MINUTES)
    local = raised_at.astimezone(zone)
    on = local.date()
    for _ in range(days):
        on = _next_working_day(on)
    return local_instant(zone, on, local.time()) + timedelta(minutes=rest)


def _next_working_day(on: date) -> date:
    following = on + timedelta(days=1)
    while following.weekday() >= _SATURDAY:
        following += timedelta(days=1)
    return following
