"""The response clock: from the moment a flag calls until a person has it, told from the events of its story."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from recovery_api.domain.tiers import Tier

_ENDS = ("acknowledged", "assigned", "snoozed", "could_not_reach", "resolved")  # a person's deeds


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a flag; `tier` where it names one, `called` where it brought the flag back to people."""

    kind: str
    at: datetime
    tier: Tier | None = None
    called: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """One call of a flag: its tier, when it called, and when a person had it; None while nobody has."""

    tier: Tier
    called_at: datetime
    answered_at: datetime | None

    def minutes(self, now: datetime) -> float:
        """How long it took, or has taken so far."""
        return ((self.answered_at or now) - self.called_at).total_seconds() / 60


def responses(events: Sequence[Told], tier: Tier) -> list[Response]:
    """The calls in one flag's story, oldest first; `tier` is the flag's own, where the story names none.

    A call begins with the opening and whenever the flag comes back, and ends when a person does something with it. A
    rise to a graver tier calls anew beside the one that nobody has answered yet: what comes later hides no wait.
    """
    found: list[Response] = []
    running: list[tuple[Tier, datetime]] = []
    level = tier
    for event in events:
        if event.kind in ("opened", "raised"):
            level = event.tier or level
        if event.kind in _ENDS:
            found += [Response(called, since, event.at) for called, since in running]
            running = []
        if _begins(event, is_running=bool(running), is_graver=all(level.rank < called.rank for called, _ in running)):
            running.append((level, event.at))
    return found + [Response(called, since, None) for called, since in running]


def _begins(event: Told, is_running: bool, is_graver: bool) -> bool:
    if event.kind == "raised":
        return is_graver
    if event.kind in ("opened", "reopened", "could_not_reach"):
        return True
    return not is_running and (event.kind == "woken" or (event.kind == "repeated" and event.called))


@dataclass(frozen=True, slots=True)
class Summary:
    """The responses of one tier, in minutes; None where there is nothing to count."""

    tier: Tier
    calls: int
    answered: int
    in_time: int
    median_minutes: float | None
    ninety_percent_minutes: float | None
    longest_minutes: float | None


def summarize(tier: Tier, found: Sequence[Response], due: Callable[[Response], datetime], now: datetime) -> Summary:
    """The responses of one tier against what each had time until.

    A call that nobody has answered yet counts with its wait so far.
    """
    waits = sorted(one.minutes(now) for one in found if one.tier is tier)
    answered = [one for one in found if one.tier is tier and one.answered_at is not None]
    in_time = sum(one.answered_at <= due(one) for one in answered if one.answered_at is not None)
    if not waits:
        return Summary(tier, 0, 0, 0, None, None, None)
    return Summary(tier, len(waits), len(answered), in_time, _at(waits, 0.5), _at(waits, 0.9), round(waits[-1], 1))


def _at(waits: Sequence[float], share: float) -> float:
    """The least wait that a share of all waits does not exceed."""
    return round(waits[max(0, ceil(share * len(waits)) - 1)], 1)
