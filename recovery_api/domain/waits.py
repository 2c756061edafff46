"""Waits in a report: how many there were, and the least wait that half and nine tenths of them do not exceed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits in minutes; `asked` counts those that have not ended too. None where there is nothing to count."""

    asked: int
    ended: int
    median: float | None
    ninety: float | None


def summarize_waits(minutes: Sequence[float | None]) -> Waits:
    """The waits that ended, and None for each that has not."""
    ended = sorted(wait for wait in minutes if wait is not None)
    return Waits(len(minutes), len(ended), _at(ended, 0.5), _at(ended, 0.9))


def _at(waits: Sequence[float], share: float) -> float | None:
    return round(waits[max(0, ceil(share * len(waits)) - 1)], 1) if waits else None
