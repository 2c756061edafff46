"""The ladder: who is told of a flag, how and after how many minutes, until a person acknowledges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.tiers import Tier
from recovery_api.domain.working_hours import WorkingHours

DUTIES = ("nurse", "on_call", "lead")
AUDIENCES = (*DUTIES, "everyone", "last_resort")
CHANNELS = ("sms", "voice", "email")
NEVER_WAITS = (Tier.EMERGENCY, Tier.URGENT)  # for these no night, weekend or holiday stops anything


@dataclass(frozen=True, slots=True)
class Rung:
    """One telling: to whom, by which channels, and how many minutes after the climb began."""

    after_minutes: int
    tell: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TierLadder:
    """The rungs of one tier; the last one comes again every so many minutes for as long as nobody answers."""

    rungs: tuple[Rung, ...]
    repeat_minutes: int

    def rung(self, number: int) -> Rung:
        """The rung of a number counted from 0; every number past the last means the last one again."""
        return self.rungs[min(number, len(self.rungs) - 1)]

    def wait_before(self, number: int) -> timedelta:
        """How long a rung comes after the one before it."""
        if number >= len(self.rungs):
            return timedelta(minutes=self.repeat_minutes)
        before = self.rungs[number - 1].after_minutes if number else 0
        return timedelta(minutes=self.rungs[number].after_minutes - before)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A ladder of one version; the lower tiers wait for the hours from `opens` to `closes` on its weekdays."""

    name: str
    version: str
    source: str
    tiers: Mapping[Tier, TierLadder]
    opens: time
    closes: time
    weekdays: frozenset[int]

    def hours(self, zone: ZoneInfo, holidays: frozenset[date]) -> WorkingHours:
        """The working hours in a clinic's zone, with the days on which it is closed."""
        return WorkingHours(zone, self.opens, self.closes, self.weekdays, holidays)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a flag stands: the number of the rung that comes next, and when (UTC)."""

    rung: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the climb does: the rungs told now, by number, and where the flag stands afterwards."""

    told: tuple[tuple[int, Rung], ...]
    then: Standing


@dataclass(frozen=True, slots=True)
class Climb:
    """One tier's rungs with the hours that it waits for."""

    tier: Tier
    ladder: TierLadder
    hours: WorkingHours

    def begin(self, now: datetime, rung: int = 0) -> Standing:
        """A climb that begins now, where people were told of the rungs before `rung` just now."""
        return Standing(rung, self._after(now, rung))

    def at_once(self, now: datetime) -> Standing:
        """A climb whose first people are told now, or when the clinic next opens where its tier waits for that."""
        return Standing(0, self._waited_for(now))

    def step(self, standing: Standing, now: datetime) -> Step:
        """Every rung that is due, one after the other; after an outage all of them at once, a repeat but once."""
        told: list[tuple[int, Rung]] = []
        rung, due_at = standing.rung, standing.due_at
        last = len(self.ladder.rungs)
        while due_at <= now and rung < last:
            told.append((rung, self.ladder.rung(rung)))
            rung, due_at = rung + 1, self._after(due_at, rung + 1)
        if due_at <= now:
            if not told:
                told.append((rung, self.ladder.rung(rung)))
                rung += 1
            due_at = self._after(now, rung)
        return Step(tuple(told), Standing(rung, due_at))

    def raised(self, was: Tier, standing: Standing, now: datetime) -> Standing:
        """A flag that got worse on its way, once its people were told: nothing that was due comes later for it.

        From a tier that waits for working hours it begins at the second rung; otherwise it keeps its place.
        """
        if standing.rung == 0:
            return self.begin(now, 1)
        rung = standing.rung if was in NEVER_WAITS else 1
        return Standing(rung, min(standing.due_at, self._after(now, rung)))

    def bounded(self, standing: Standing, now: datetime) -> Standing:
        """The same place, no later than one wait from now: it lies further ahead only if the clock was put back."""
        return Standing(standing.rung, min(standing.due_at, self._after(now, standing.rung)))

    def _after(self, instant: datetime, rung: int) -> datetime:
        return self._waited_for(instant + self.ladder.wait_before(rung))

    def _waited_for(self, planned: datetime) -> datetime:
        """When people may be told of what is planned for an instant; what is for today waits out a weekend at most."""
        if self.tier in NEVER_WAITS:
            return planned
        return self.hours.next_look(planned) if self.tier is Tier.TODAY else self.hours.next_open(planned)
