"""Fields that take exactly what the document says they take: nothing is rounded, trimmed or guessed."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from uuid import UUID

from marshmallow import ValidationError, fields, validate

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-5][0-9])"
)
_CLOCK_TIME = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_DIGITS = re.compile("[0-9]{1,6}")
_CONTROL_SIGNS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_CONTROL = re.compile(f"[{_CONTROL_SIGNS}]")
ZONE = {"description": "An IANA time zone", "format": "iana-time-zone", "example": "America/New_York"}
PHONE = {
    "description": "E.164, or as it is written in the clinic's country",
    "format": "phone",
    "example": "+12125550147",
}


class StrictInt(fields.Integer):
    """A whole number; 5.0 is one, true and "5" are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        raise self.make_error("invalid", input=value)


class StrictBool(fields.Boolean):
    """True or false; 1, 0 and "true" are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise self.make_error("invalid", input=value)


class QueryInt(fields.Integer):
    """A whole number in a query string: plain digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            return int(value)
        raise self.make_error("invalid", input=value)


class Id(fields.UUID):
    """An id, written in the one usual way."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> UUID:
        if isinstance(value, str) and _UUID.fullmatch(value):
            return UUID(value)
        raise self.make_error("invalid_uuid")


class Day(fields.Date):
    """A calendar day, as 2026-11-21."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type="date")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid", input=value, obj_type="date") from None
        return _in_our_time(day)


class Instant(fields.AwareDateTime):
    """An instant of RFC 3339 with its offset; always written in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise ValidationError("Must be a time of RFC 3339 with an offset, such as 2026-11-21T08:02:11-05:00.")
        try:
            instant = datetime.fromisoformat(value.upper())
        except ValueError:
            raise ValidationError("There is no such time.") from None
        return _in_our_time(instant)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value if value is None else value.astimezone(UTC).isoformat()


class QueryInstant(Instant):
    """An instant in a query string, where an offset's plus often arrives as a space."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        plain = value.replace(" ", "+") if isinstance(value, str) else value
        return super()._deserialize(plain, attr, data, **kwargs)


class Unread(fields.Nested):
    """An object that is documented by a schema, and handed on as it came."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The value itself; whoever reads it says what is wrong with it."""
        return value


class ClockTime(fields.String):
    """A time of day, as 09:30."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.metadata = {"pattern": f"^{_CLOCK_TIME.pattern}$"} | dict(self.metadata)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _CLOCK_TIME.fullmatch(value):
            raise ValidationError("Must be a time of day such as 09:30.")
        return time.fromisoformat(value)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value if value is None else f"{value:%H:%M}"


class Words(fields.String):
    """Text that a person wrote: lines and tabs are welcome, other control characters are not."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if not any(isinstance(one, validate.Regexp) for one in self.validators):  # a pattern of its own is narrower
            self.metadata = {"pattern": f"^[^{_CONTROL_SIGNS}]*$"} | dict(self.metadata)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if _CONTROL.search(value):
            raise ValidationError("Holds a control character.")
        return value


def one_of(*words: str) -> validate.OneOf:
    """The field holds one of these words."""
    return validate.OneOf(words)


ONE_LINE = r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z"


def name_like(most: int = 100) -> list[Any]:
    """Validators of a name: something visible, on one line, not too long."""
    return [validate.Length(min=1, max=most), validate.Regexp(ONE_LINE, error="Must be one line of text.")]


_When = TypeVar("_When", bound=date)


def _in_our_time(day: _When) -> _When:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValidationError(f"Must lie between {EARLIEST_YEAR} and {LATEST_YEAR}.")
    return day
