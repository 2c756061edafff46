"""The patient's clock: the instant of a local time, and the hours in which texts must wait."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(9), time(20)  # the patient's local hours for texts; outside them it is quiet
_SECOND = timedelta(seconds=1)
_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})  # files beside the zones, which are no place's


def zone_named(name: str) -> ZoneInfo:
    """The time zone with that IANA name. Raises ValueError; what the machine itself is set to is no zone either."""
    if name in _OF_THE_MACHINE or name.startswith(("posix/", "right/")):
        raise ValueError("not the zone of a place")
    try:
        return ZoneInfo(name)
    except (LookupError, OSError):
        raise ValueError("no such zone") from None


def local_instant(zone: ZoneInfo, on: date, at: time) -> datetime:
    """The UTC instant of a local date and time.

    A time that occurs twice means its first occurrence; one that a clock change skips, the first instant after the gap.
    """
    wall = datetime.combine(on, at.replace(microsecond=0, tzinfo=None, fold=0))
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant)


def _end_of_gap(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The change of the clock between two instants, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def within_quiet_hours(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether a text must wait: the patient's clock shows a time before 09:00, or 20:00 or later."""
    return not OPENS <= instant.astimezone(zone).time() < CLOSES


def allowed_until(instant: datetime, zone: ZoneInfo) -> datetime:
    """The end (UTC, itself not allowed) of the hours for texts on the instant's local day, over already or not."""
    return local_instant(zone, instant.astimezone(zone).date(), CLOSES)
