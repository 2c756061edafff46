"""How fast one number may send, and when it stops trying: a bucket of segments and a circuit, as plain values.

A US long code carries one segment a second, whatever it is handed (Twilio, "Message throughput", read 2026). What is
handed over faster waits at the carrier, an emergency behind the reminders before it: so reminders wait here.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Lane = Literal["alert", "bulk"]

TRIP_AFTER = 5
DEBT_SECONDS = 60
_ALERT_PROBE = timedelta(seconds=5)
_BULK_PROBE_SECONDS, _LONGEST_PROBE_SECONDS = 30, 300
_BACK_OFF = (1, 2, 5, 15, 30, 60, 120, 300)
_ALERT_WAITS = 15


@dataclass(frozen=True, slots=True)
class Pace:
    """What one number may hand over: `segments_per_second` in the long run, `burst` segments at once."""

    segments_per_second: float
    burst: float

    @classmethod
    def of(cls, segments_per_second: float) -> "Pace":
        """A pace that lets ten seconds' worth go at once, and never fewer than ten segments."""
        return cls(segments_per_second, max(10.0, 10 * segments_per_second))


@dataclass(frozen=True, slots=True)
class Bucket:
    """The segments that a number may still hand over, as they stood at `filled_at`; below nought is a debt."""

    tokens: float
    filled_at: datetime


@dataclass(frozen=True, slots=True)
class Circuit:
    """How often in a row a number could not hand over; open from TRIP_AFTER on, with a time for each lane's probe."""

    failures: int = 0
    opened_at: datetime | None = None
    alert_probe_at: datetime | None = None
    bulk_probe_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """`closed`, `open`, or `half_open` where the next text may try."""
        if self.opened_at is None:
            return "closed"
        due = (self.alert_probe_at, self.bulk_probe_at)
        return "half_open" if any(at is None or at <= now for at in due) else "open"


def take(bucket: Bucket, segments: int, pace: Pace, lane: Lane, now: datetime) -> Bucket | None:
    """The bucket once `segments` are taken out at `now` (real time), None where a bulk text has to wait.

    An alert never waits: it goes into debt, which the bulk texts behind it wait off, up to DEBT_SECONDS.
    """
    held = min(pace.burst, bucket.tokens + _seconds(now - bucket.filled_at) * pace.segments_per_second)
    if lane == "alert":
        return Bucket(max(held - segments, -DEBT_SECONDS * pace.segments_per_second), now)
    if held < min(segments, pace.burst):
        return None
    return Bucket(held - segments, now)


def full_again(bucket: Bucket, segments: int, pace: Pace) -> datetime:
    """When the bucket will hold `segments`, in real time; at once where it does already."""
    missing = min(segments, pace.burst) - bucket.tokens
    return bucket.filled_at + timedelta(seconds=max(0.0, missing / pace.segments_per_second))


def _seconds(elapsed: timedelta) -> float:
    return max(0.0, elapsed.total_seconds())


def failed(circuit: Circuit, now: datetime, *, for_good: bool = False) -> Circuit:
    """The circuit after one more call that handed nothing over for sure; `for_good` opens it at once.

    Reminders probe after 30 s, doubling to five minutes; alerts every five seconds.
    """
    failures = max(circuit.failures + 1, TRIP_AFTER if for_good else 0)
    if failures < TRIP_AFTER:
        return replace(circuit, failures=failures)
    return _waiting(Circuit(failures, circuit.opened_at or now), now)


def probed(circuit: Circuit, lane: Lane, now: datetime) -> Circuit | None:
    """The circuit as a text finds it: unchanged where closed, its one probe taken where due, None where it waits."""
    if circuit.opened_at is None:
        return circuit
    due = circuit.alert_probe_at if lane == "alert" else circuit.bulk_probe_at
    return None if due is not None and due > now else _waiting(circuit, now)


def _waiting(circuit: Circuit, now: datetime) -> Circuit:
    doubled = _BULK_PROBE_SECONDS * 2 ** min(circuit.failures - TRIP_AFTER, 4)
    wait = timedelta(seconds=min(doubled, _LONGEST_PROBE_SECONDS))
    return replace(circuit, alert_probe_at=now + _ALERT_PROBE, bulk_probe_at=now + wait)


def back_off(message: bytes, attempts: int, lane: Lane) -> float:
    """Seconds until a text is offered again: longer with every attempt, spread over the half before it.

    The spread comes from the text's own id and attempt: always the same for one, different for its neighbours.
    An alert never waits longer than 15 s.
    """
    longest = _BACK_OFF[min(max(attempts, 1), len(_BACK_OFF)) - 1]
    longest = min(longest, _ALERT_WAITS) if lane == "alert" else longest
    drawn = hashlib.sha256(message + attempts.to_bytes(4, "big")).digest()
    return longest * (0.5 + int.from_bytes(drawn[:4], "big") / 2**33)
