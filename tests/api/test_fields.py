"""Fields take exactly what the document says."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from recovery_api.api.fields import ClockTime, Day, Id, Instant, QueryInstant, QueryInt, StrictInt, Words

REFUSED: list[tuple[fields.Field[Any], Any]] = [
    *((StrictInt(), value) for value in (True, False, "5", "1_0", "٥", 5.9, "", [], {}, "5.0", float("1e-9"))),
    *((QueryInt(), value) for value in ("1_0", "٥", "-1", "+1", " 1", "1.0", "0x1", "", "1234567", 5)),
    *((Id(), value) for value in ("x", 7, "{0190b3a4-5f6e-7c8d-9e0f-112233445566}", "0190b3a45f6e7c8d9e0f112233445566",
                                  "urn:uuid:0190b3a4-5f6e-7c8d-9e0f-112233445566",
                                  "0190b3a4-5f6e-7c8d-9e0f-11223344556٦")),
    *((Day(), value) for value in ("20261121", "2026-W47-6", "2026-02-30", "2026-11-21T00:00:00Z", 20261121,
                                   "٢٠٢٦-١١-٢١", "0001-01-01", "9999-12-31")),
    *((Instant(), value) for value in ("2026-11-21", "2026-11-21T08:02:11", "2026-11-21 08:02:11+00:00", 1795000000,
                                       "2026-11-21T08:02:61Z", "2026-11-21T08:02Z", "2026-11-21T08:02:11+05",
                                       "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-13-01T00:00:00Z",
                                       "2026-11-21T08:02:11+99:00", "2026-11-21T08:02:11+05:60",
                                       "2026-11-21T08:02:11-00:99")),
    *((ClockTime(), value) for value in ("24:00", "9:30", "09:30:00", "09:60", 930, "٠٩:٣٠")),
    *((Words(), value) for value in (7, "a\x07b", "a\x1bb", "a\u2028b", "a\x85b", ["a"])),
]  # fmt: skip
TAKEN: list[tuple[fields.Field[Any], Any, Any]] = [
    (StrictInt(), 5, 5),
    (StrictInt(), 5.0, 5),
    (StrictInt(), -0.0, 0),
    (QueryInt(), "50", 50),
    (Instant(), "2026-11-21t13:02:11.5z", "2026-11-21T13:02:11.500000+00:00"),
    (QueryInstant(), "2026-11-21T08:02:11 05:00", "2026-11-21T03:02:11+00:00"),
    (ClockTime(), "09:30", "09:30"),
    (Words(), "two\nlines, ein Ü and a 🙂", "two\nlines, ein Ü and a 🙂"),
]


@pytest.mark.parametrize(("field", "value"), REFUSED, ids=lambda one: repr(one)[:40])
def test_it_is_refused(field: fields.Field[Any], value: Any) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(value)


@pytest.mark.parametrize(("field", "value", "read"), TAKEN, ids=lambda one: repr(one)[:40])
def test_it_is_taken(field: fields.Field[Any], value: Any, read: Any) -> None:
    taken = field.deserialize(value)
    said = taken if isinstance(read, int) else field.serialize("it", {"it": taken})
    assert said == read


FIRST, LAST = datetime.fromisoformat("1975-01-01"), datetime.fromisoformat("2199-12-30")


@given(st.datetimes(FIRST, LAST, timezones=st.timezones()))
def test_every_instant_of_our_time_survives_the_round_trip(instant: datetime) -> None:
    field = Instant()
    read = field.deserialize(instant.isoformat())
    assert read.timestamp() == instant.timestamp()
    assert field.deserialize(field.serialize("at", {"at": read})) == read
