"""Every local time of every zone, day after day: once, in order, at the right wall time, no text in quiet hours."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from recovery_api.domain.schedule import due_instant, local_instant, within_quiet_hours

FIRST, LAST = date(2024, 1, 1), date(2036, 12, 31)
WALL_TIMES = (time(0, 30), time(2, 30), time(9, 30), time(19, 30))  # the first two fall into most gaps and folds
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


def zones(count: int) -> list[ZoneInfo]:
    names = sorted(available_timezones())
    always = ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"]
    chosen = names if count >= len(names) else [*always, *random.Random(4).sample(names, count)]
    return [ZoneInfo(name) for name in chosen]


def wrong(zone: ZoneInfo, at: time) -> Iterator[str]:
    """What is not as it should be with one wall time on every day of one zone."""
    instants = []
    for on in DAYS:
        instant = local_instant(zone, on, at)
        instants.append(instant)
        shown = instant.astimezone(zone)
        wall = datetime.combine(on, at)
        if shown.replace(tzinfo=None) != wall:
            before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
            if not before < wall < shown.replace(tzinfo=None):
                yield f"{zone.key} {wall} shows {shown}"
        elif shown.fold:
            yield f"{zone.key} {wall} is the second of two"
        due = due_instant(zone, on, at)
        if due is None or within_quiet_hours(due, zone) or due.astimezone(zone).date() != on:
            yield f"{zone.key} {on} has no text at {at}: {due}"
    if any(late <= early for early, late in pairwise(instants)):
        yield f"{zone.key} {at} is missing or doubled"


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_no_local_time_is_missing_doubled_or_at_night(samples: Callable[[int, int], int]) -> None:
    found = [one for zone in zones(samples(0, 10_000)) for at in WALL_TIMES for one in wrong(zone, at)]
    assert found == []
