"""When a report was made against when it came: its time kept within bounds, and how late it is, in words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from recovery_api.domain.readings import Finding

EARLIEST = timedelta(days=30)
LATEST = timedelta(minutes=5)  # a phone's clock may run ahead so far without a word
LATE = timedelta(minutes=15)  # within which an emergency is answered: what comes later says so
TIMINGS = ("on_time", "late", "ahead", "too_old")


def bounded_recorded_at(claimed_at: datetime, now: datetime) -> datetime:
    """When it was reported: never ahead of now, and 30 days back at most, whatever the phone's clock says."""
    return min(max(claimed_at, now - EARLIEST), now)


def moved_from(claimed_at: datetime | None, recorded_at: datetime) -> datetime | None:
    """The time that the phone claimed, where it could not stand; None where it did."""
    if claimed_at is None or abs(claimed_at - recorded_at) <= LATEST:
        return None
    return claimed_at


def timing_of(recorded_at: datetime, received_at: datetime, claimed_at: datetime | None) -> str:
    """One of TIMINGS; `claimed_at` is None where the time stands as it was claimed."""
    if claimed_at is not None:
        return "ahead" if claimed_at > recorded_at else "too_old"
    return "late" if received_at - recorded_at >= LATE else "on_time"


def minutes_late(recorded_at: datetime, received_at: datetime) -> int:
    """Whole minutes between the report and its arrival, 0 at least."""
    return max(int((received_at - recorded_at).total_seconds() // 60), 0)


def say_how_late(findings: Sequence[Finding], recorded_at: datetime, now: datetime) -> list[Finding]:
    """The findings, where every red flag that comes late says in its reason how late it is."""
    if now - recorded_at < LATE:
        return list(findings)
    late = minutes_late(recorded_at, now)
    return [
        replace(one, reason=f"{one.reason} (came {_words(late)} late)", inputs={**one.inputs, "late_minutes": late})
        if one.family == "red_flag"
        else one
        for one in findings
    ]


def _words(minutes: int) -> str:
    hours = minutes // 60
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
