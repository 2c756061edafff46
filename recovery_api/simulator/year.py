"""A simulated clinic on a moving clock: the real planner, outbox, web hooks and rules, from event to event."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from recovery_api.clock import monotonic, real_now
from recovery_api.db import Vaults, clinic_transaction, open_transaction
from recovery_api.domain.pacing import Pace
from recovery_api.models import tables
from recovery_api.services.claim_work import claim_work
from recovery_api.services.climb_ladder import climb_due
from recovery_api.services.end_holds import end_holds
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.place_calls import begin_call, settle_call, write_call_outcome
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.send_messages import begin_attempt, call_carrier, still_wanted, write_outcome
from recovery_api.services.settle_unknown import settle_with_list
from recovery_api.services.wake_flags import wake_flags
from recovery_api.services.watch_coverage import watch_coverage
from recovery_api.services.watch_silence import watch_silence
from recovery_api.services.watch_visits import watch_visits
from recovery_api.simulator.year_carrier import MovingClock, YearCarrier
from recovery_api.simulator.year_checks import Checks
from recovery_api.simulator.year_hooks import YearHooks
from recovery_api.simulator.year_life import Life
from recovery_api.simulator.year_people import Person

HOLDER = "simulate:0:0"
UNBOUNDED = Pace.of(1e6)
TICK = timedelta(hours=6)
_STEP, _EPOCH = timedelta(minutes=5), datetime(2000, 1, 1, tzinfo=UTC)
_ROUNDS = 200  # at one instant: more means that something answers itself


class Stuck(Exception):
    """Work at one instant did not come to an end."""


@dataclass
class Year:
    """One run. `people` live in `clinic_id` from `began` for `days` days."""

    app: Flask
    vaults: Vaults
    public_url: str
    clock: MovingClock
    carrier: YearCarrier
    hooks: YearHooks
    clinic_id: UUID
    number: str
    nurse_id: UUID
    days: int
    people: dict[UUID, Person]
    checks: Checks = field(default_factory=Checks)
    said: Counter[str] = field(default_factory=Counter)
    _events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _order: Any = field(default_factory=itertools.count)

    def at(self, moment: datetime, deed: Callable[[], None]) -> None:
        """Let something happen at a moment that is still to come, or now."""
        heapq.heappush(self._events, (max(moment, self.clock.at), next(self._order), deed))

    def run(self, on_day: Callable[[int], None] = lambda day: None) -> float:
        """Live through all days; returns the seconds that it took."""
        began, started = self.clock.at, monotonic()
        life = Life(self)
        life.begin()
        self._tick()
        end, day = began + timedelta(days=self.days), 0
        while (moment := self._next(end)) is not None:
            self.clock.at = moment
            if (moment - began).days > day:
                day = (moment - began).days
                on_day(day)
            while self._events and self._events[0][0] <= moment:
                heapq.heappop(self._events)[2]()
            self._work_off(life)
        return monotonic() - started

    def _next(self, end: datetime) -> datetime | None:
        """The next of the minutes 0, 5, 10 ... at which anything is due; None once the last day is over."""
        work = tables.due_work
        with open_transaction() as connection:
            due = connection.execute(select(func.min(work.c.due_at)).where(work.c.held_until <= real_now())).scalar()
        times = [moment for moment in (due, self._events[0][0] if self._events else None) if moment is not None]
        if not times:
            return None
        moment = min(times)
        moment = max(moment + (_EPOCH - moment) % _STEP, self.clock.at)
        return moment if moment < end else None

    def _tick(self) -> None:
        """What the ticker does beside the queue; the coverage watch looks last."""
        now = self.clock.at
        plan_ahead(self.vaults, now)
        end_holds(self.vaults, now)
        watch_visits(self.vaults, now)
        wake_flags(self.vaults, now)
        self.checks.coverage(watch_coverage(self.vaults, now), now)
        self.at(now + TICK, self._tick)

    def _work_off(self, life: Life) -> None:
        """Everything that is due by now, until nothing is."""
        for _ in range(_ROUNDS):
            kinds = self._due_kinds()
            if not kinds:
                return
            for kind in kinds:
                self._work(kind)
            for taken in self.carrier.fresh():
                life.meet_text(taken)
            for sid, call in self.carrier.ringing():
                life.meet_call(sid, call)
        raise Stuck(f"{', '.join(self._due_kinds())} at {self.clock.at}")

    def _due_kinds(self) -> list[str]:
        work = tables.due_work
        with open_transaction() as connection:
            found = connection.execute(
                select(work.c.kind).distinct().where(work.c.due_at <= self.clock.at, work.c.held_until <= real_now())
            )
            return sorted(found.scalars())

    def _work(self, kind: str) -> None:
        now = self.clock.at
        match kind:
            case "reminder":
                hand_over_due(HOLDER, self.vaults, now)
            case "unanswered":
                watch_silence(HOLDER, self.vaults, now)
            case "rung":
                climb_due(HOLDER, self.vaults, frozenset({"sms"}), now)
            case "call":
                self._place()
            case "send_alert" | "send_bulk":
                self._send(kind)
            case _:
                raise Stuck(f"nobody here does {kind}")

    def _send(self, kind: str) -> None:
        for claim in claim_work(kind, HOLDER, self.clock.at, 100):
            attempt = begin_attempt(claim, self.vaults, self.public_url, self.clock.at, UNBOUNDED)
            if attempt is None:
                continue
            if attempt.must_settle:
                settle_with_list(attempt, self.carrier, self.vaults, self.clock.at)
            elif still_wanted(attempt, self.vaults, self.clock.at):
                write_outcome(attempt, call_carrier(attempt, self.carrier), self.vaults, self.clock.at)

    def _place(self) -> None:
        for claim in claim_work("call", HOLDER, self.clock.at, 100):
            attempt = begin_call(claim, self.vaults, self.public_url, self.clock.at)
            if attempt is None:
                continue
            if attempt.must_settle:
                settle_call(attempt, self.carrier, self.vaults, self.clock.at)
            else:
                write_call_outcome(attempt, self.carrier.place(attempt.call), self.vaults, self.clock.at)

    def counts(self) -> dict[str, Counter[str]]:
        """What the clinic holds at the end: texts by key and state, answers, and flags by family and tier."""
        message, flag, check_in = tables.message, tables.flag, tables.check_in
        with clinic_transaction(self.clinic_id, self.vaults) as scope:
            read = scope.connection.execute
            out = read(select(message.c.text_key, message.c.state).where(message.c.direction == "out")).all()
            found = read(select(message.c.disposition).where(message.c.direction == "in")).scalars()
            raised = read(select(flag.c.rule, flag.c.tier)).all()
            return {
                "texts": Counter(str(row.text_key) for row in out),
                "how texts ended": Counter(str(row.state) for row in out),
                "texts from patients": Counter(map(str, found)),
                "check-ins": Counter(read(select(check_in.c.channel)).scalars()),
                "flags": Counter(f"{row.rule} ({row.tier})" for row in raised),
            }
