"""How many patients a large clinic has, counted once a minute by each process: every look would count all of them."""

from datetime import datetime
from uuid import UUID

MANY = 5000  # from here on counting takes milliseconds, and one patient more or less is nothing that a nurse acts on

_totals: dict[UUID, tuple[int, int]] = {}


def kept_total(clinic_id: UUID, now: datetime) -> int | None:
    """The total counted in this minute, if there are many; None means that it is to be counted."""
    minute, total = _totals.get(clinic_id, (0, 0))
    return total if minute == _minute(now) else None


def keep_total(clinic_id: UUID, now: datetime, total: int) -> None:
    """Remember a total for the rest of this minute, if it is worth it."""
    if total >= MANY:
        _totals[clinic_id] = _minute(now), total


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
