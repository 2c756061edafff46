"""A simulated clinic on a moving clock: the real planner, outbox, web hooks and rules, from event to event."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from recovery_api.clock import monotonic
from recovery_api.services.watch_coverage import watch_coverage
from recovery_api.simulator.year_eye import open_eye
from recovery_api.simulator.year_life import Life
from recovery_api.simulator.year_work import Stuck, Work
from recovery_api.simulator.year_world import World
from recovery_api.wiring import Wiring

TICK = timedelta(hours=1)
WATCHED_EVERY = timedelta(days=1)  # by the product's own watch, beside the eye that looks at each minute
_STEP, _EPOCH = timedelta(minutes=5), datetime(2000, 1, 1, tzinfo=UTC)
_ROUNDS = 200  # at one instant: more means that something answers itself
# The simulated database has an index by time alone, for the look at what is due.
DUE_BY_TIME = "CREATE INDEX ix_due_work_by_time ON due_work (due_at) INCLUDE (kind, held_until)"


@dataclass
class Year(World):
    """One run of `days` days, from the moment at which the clock stands."""

    _next_due: datetime | None = None
    _life: Life = field(init=False)
    _work: Work = field(init=False)

    def run(self, on_day: Callable[[int], None] = lambda day: None) -> float:
        """Live through all days; returns the seconds that it took."""
        started = monotonic()
        parts: Wiring = self.app.extensions["recovery"]
        with open_eye(parts.settings.database_admin_url, self.clinic_id) as self.eye:
            self._live(on_day)
        return monotonic() - started

    def _live(self, on_day: Callable[[int], None]) -> None:
        began, end, day = self.clock.at, self.clock.at + timedelta(days=self.days), 0
        self._life, self._work = Life(self), Work(self)
        self._life.begin()
        self._tick()
        self._watch()
        self._new_day(0)
        self._work_off()
        while (moment := self._next(end)) is not None:
            self.clock.at = moment
            while (moment - began).days > day:
                day += 1
                self._new_day(day)
                on_day(day)
            while self.events and self.events[0][0] <= moment:
                heapq.heappop(self.events)[2]()
            self._work_off()

    def _next(self, end: datetime) -> datetime | None:
        """The next of the minutes 0, 5, 10 ... at which anything is due; None once the last day is over."""
        event_at = self.events[0][0] if self.events else None
        times = [moment for moment in (self._next_due, event_at) if moment is not None]
        if not times:
            return None
        moment = min(times)
        moment = max(moment + (_EPOCH - moment) % _STEP, self.clock.at)
        return moment if moment < end else None

    def _tick(self) -> None:
        """The jobs of the ticker that no queue feeds."""
        self._work.minute_jobs(self.eye)
        self.at(self.clock.at + TICK, self._tick)

    def _watch(self) -> None:
        """The product's own watch: it mends what it can, so that it comes after the eye's look at the same minute."""
        self._work_off()
        self.checks.coverage(watch_coverage(self.vaults, self.clock.at), self.clock.at)
        self.at(self.clock.at + WATCHED_EVERY, self._watch)

    def _new_day(self, day: int) -> None:
        """Once a day: nothing of the days before was lost; and on the days 0, 1, 2, 4, 8 ... the database counts."""
        self.checks.lost(self.eye.lost(self.clock.at - _STEP), self.clock.at)
        if day & (day - 1) == 0:
            self.eye.take_stock()

    def _work_off(self) -> None:
        """Everything that is due by now, until nothing is; then the eye looks whether anything was left alone."""
        for _ in range(_ROUNDS):
            due = self.eye.due(self.clock.at)
            self._next_due = due.next_at
            if not due.kinds:
                break
            for kind in due.kinds:
                self._work.do(kind)
            self._life.meet_texts(self.carrier.fresh())
            for sid, call in self.carrier.ringing():
                self._life.meet_call(sid, call)
        else:
            raise Stuck(f"{', '.join(due.kinds)} at {self.clock.at}")
        if due.is_held:
            self.at(self.clock.at + _STEP, self.eye.let_go)
        self.checks.alone(self.eye.left_alone(self.clock.at), self.clock.at)
