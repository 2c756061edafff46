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
from sqlalchemy import select, text

from recovery_api.clock import monotonic, real_now
from recovery_api.db import Vaults, clinic_transaction, open_transaction
from recovery_api.domain.pacing import Pace
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.claim_work import claim_work
from recovery_api.services.climb_ladder import climb_due
from recovery_api.services.end_holds import end_holds
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.place_calls import begin_call, settle_call, write_call_outcome
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.send_messages import begin_inside, call_carrier, write_inside
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
_BATCH = 100
# What is due now, and when the next of it will be; the simulated database has an index by time alone.
DUE_BY_TIME = "CREATE INDEX ix_due_work_by_time ON due_work (due_at) INCLUDE (kind, held_until)"
_DUE = Prepared(
    text("""
SELECT (SELECT array_agg(DISTINCT kind) FROM due_work WHERE due_at <= :now AND held_until <= :real) AS kinds,
       (SELECT min(due_at) FROM due_work WHERE due_at > :now AND held_until <= :real) AS next_at
""")
)
_MAKES_TEXTS = frozenset({"reminder", "unanswered", "rung"})
_SENDS = ("send_alert", "send_bulk")


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
    _next_due: datetime | None = None
    _life: Life = field(init=False)

    def at(self, moment: datetime, deed: Callable[[], None]) -> None:
        """Let something happen at a moment that is still to come, or now."""
        heapq.heappush(self._events, (max(moment, self.clock.at), next(self._order), deed))

    def run(self, on_day: Callable[[int], None] = lambda day: None) -> float:
        """Live through all days; returns the seconds that it took."""
        began, started = self.clock.at, monotonic()
        self._life = Life(self)
        self._life.begin()
        self._tick()
        self._work_off()
        end, day = began + timedelta(days=self.days), 0
        while (moment := self._next(end)) is not None:
            self.clock.at = moment
            if (moment - began).days > day:
                day = (moment - began).days
                on_day(day)
            while self._events and self._events[0][0] <= moment:
                heapq.heappop(self._events)[2]()
            self._work_off()
        return monotonic() - started

    def _next(self, end: datetime) -> datetime | None:
        """The next of the minutes 0, 5, 10 ... at which anything is due; None once the last day is over."""
        event_at = self._events[0][0] if self._events else None
        times = [moment for moment in (self._next_due, event_at) if moment is not None]
        if not times:
            return None
        moment = min(times)
        moment = max(moment + (_EPOCH - moment) % _STEP, self.clock.at)
        return moment if moment < end else None

    def _tick(self) -> None:
        """What the ticker does beside the queue; the coverage watch looks last."""
        now = self.clock.at
        self._work_off()
        plan_ahead(self.vaults, now)
        end_holds(self.vaults, now)
        watch_visits(self.vaults, now)
        wake_flags(self.vaults, now)
        self.checks.coverage(watch_coverage(self.vaults, now), now)
        self.at(now + TICK, self._tick)

    def _work_off(self) -> None:
        """Everything that is due by now, until nothing is."""
        for _ in range(_ROUNDS):
            kinds = self._due_kinds()
            if not kinds:
                return
            for kind in kinds:
                self._work(kind)
            if kinds.keys() & _MAKES_TEXTS:
                for kind in _SENDS:
                    self._work(kind)
            self._life.meet_texts(self.carrier.fresh())
            for sid, call in self.carrier.ringing():
                self._life.meet_call(sid, call)
        raise Stuck(f"{', '.join(self._due_kinds())} at {self.clock.at}")

    def _due_kinds(self) -> dict[str, None]:
        """The kinds of work that are due, in their order; remembers when the next will be."""
        with open_transaction() as connection:
            found = _DUE.first(connection, {"now": self.clock.at, "real": real_now()})
        self._next_due = found.next_at
        return dict.fromkeys(found.kinds or ())

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
        """Send what is due, one text after the other in one transaction: nothing here dies between two of them."""
        now, to_settle = self.clock.at, []
        claims = claim_work(kind, HOLDER, now, _BATCH)
        if not claims:
            return
        with clinic_transaction(self.clinic_id, self.vaults) as scope:
            for claim in claims:
                attempt = begin_inside(scope, claim, self.public_url, now, UNBOUNDED)
                if attempt is not None and attempt.must_settle:
                    to_settle.append(attempt)
                elif attempt is not None:
                    write_inside(scope, attempt, call_carrier(attempt, self.carrier), now)
        for attempt in to_settle:
            settle_with_list(attempt, self.carrier, self.vaults, now)

    def _place(self) -> None:
        for claim in claim_work("call", HOLDER, self.clock.at, _BATCH):
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
