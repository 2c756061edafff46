"""Calendar days as people and spreadsheets write them, and instants as operators do; what could be two is refused."""

import re
from datetime import UTC, date, datetime

from recovery_api.domain.errors import Invalid

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[ t]00:00(?::00(?:\.0+)?)?)?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_DAY_NAMED = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]+([a-z]{3,9})\.?[-/., ]+([0-9]{4})")
_MONTH_NAMED = re.compile(r"([a-z]{3,9})\.?[-/. ]+([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]+([0-9]{4})")
_SERIAL = re.compile(r"[0-9]{5}(?:\.0)?")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[-/. ]+(?:[0-9]{1,2}|[a-z]{3,9})[-/. ]+[0-9]{2}")
_USUAL = "write it as 1948-03-12"


def read_day(text: str, field: str) -> date:
    """The day in a text. Raises Invalid where it is none, or where it could be another one."""
    plain = " ".join(text.strip().lower().split())
    if found := _YEAR_FIRST.fullmatch(plain):
        return _day(int(found[1]), int(found[2]), int(found[3]), field)
    if found := _YEAR_LAST.fullmatch(plain):
        return _day_or_month_first(int(found[1]), int(found[2]), int(found[3]), field)
    if found := _DAY_NAMED.fullmatch(plain):
        return _day(int(found[3]), _month(found[2], field), int(found[1]), field)
    if found := _MONTH_NAMED.fullmatch(plain):
        return _day(int(found[3]), _month(found[1], field), int(found[2]), field)
    if _SERIAL.fullmatch(plain):
        raise Invalid(f"is a number of days ({text.strip()}), as a spreadsheet stores dates: {_USUAL}", field=field)
    if _SHORT_YEAR.fullmatch(plain):
        raise Invalid(f"needs a year of four digits: {_USUAL}", field=field)
    raise Invalid(f"is not a date: {_USUAL}", field=field)


def read_instant(text: str) -> datetime:
    """An ISO day or time, in UTC, which is also meant where no offset is given. Raises ValueError.

    Days far away are refused: what is counted from them would leave the calendar.
    """
    moment = datetime.fromisoformat(text.upper())
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError(f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def iso_day(text: str) -> date:
    """An ISO day as the field of a form sends it. Raises ValueError, for days far away too: what is counted from them
    would leave the calendar.
    """
    day = date.fromisoformat(text)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}")
    return day


def _day_or_month_first(one: int, other: int, year: int, field: str) -> date:
    """Two numbers before a year tell the day only where one of them can be no month, or where both are the same."""
    if one <= 12 and other <= 12 and one != other:
        first, second = _day(year, other, one, field), _day(year, one, other, field)
        days = f"{first.day} {_name(first)} or {second.day} {_name(second)}"
        raise Invalid(f"could be {days}: write {first} or {second}", field=field)
    return _day(year, *((other, one) if one > 12 else (one, other)), field)


def _day(year: int, month: int, day: int, field: str) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise Invalid(f"is no day of the calendar: {_USUAL}", field=field) from None
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise Invalid(f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}", field=field)
    return found


def _month(name: str, field: str) -> int:
    found = next((place for place, month in enumerate(_MONTHS, 1) if month.startswith(name)), None)
    if found is None and name != "sept":
        raise Invalid(f"is not a date: {_USUAL}", field=field)
    return found or 9


def _name(day: date) -> str:
    return f"{_MONTHS[day.month - 1][:3].capitalize()} {day.year}"
