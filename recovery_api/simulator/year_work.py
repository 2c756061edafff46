"""What the ticker and the senders do in a simulated year: the product's own jobs, each on what is due."""

from collections.abc import Callable, Mapping

from recovery_api.db import clinic_transaction
from recovery_api.domain.pacing import Pace
from recovery_api.services.claim_work import claim_work
from recovery_api.services.climb_ladder import climb_due
from recovery_api.services.end_holds import end_holds
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.place_calls import begin_call, settle_call, write_call_outcome
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.send_messages import begin_inside, call_carrier, write_inside
from recovery_api.services.settle_unknown import settle_with_list
from recovery_api.services.wake_flags import wake_flags
from recovery_api.services.watch_jumps import watch_jumps
from recovery_api.services.watch_silence import watch_silence
from recovery_api.services.watch_visits import watch_visits
from recovery_api.simulator.year_eye import Eye
from recovery_api.simulator.year_world import World

HOLDER = "simulate:0:0"
UNBOUNDED = Pace.of(1e6)
_BATCH = 100


class Stuck(Exception):
    """Work that nobody does, or that does not come to an end."""


class Work:
    """The processes of one simulated clinic."""

    def __init__(self, year: World) -> None:
        self._year = year
        self._deeds: Mapping[str, Callable[[], object]] = {
            "reminder": self._hand_over,
            "unanswered": lambda: watch_silence(HOLDER, year.vaults, year.clock.at),
            "jump": lambda: watch_jumps(HOLDER, year.vaults, year.clock.at),
            "rung": lambda: climb_due(HOLDER, year.vaults, frozenset({"sms"}), year.clock.at),
            "call": self._place,
            "send_alert": lambda: self._send("send_alert"),
            "send_bulk": lambda: self._send("send_bulk"),
        }

    def do(self, kind: str) -> None:
        """One batch of what is due of one kind. Raises Stuck for what no process here takes."""
        if kind not in self._deeds:
            raise Stuck(f"nobody here does {kind}")
        self._deeds[kind]()
        self._year.jobs[kind] += 1

    def minute_jobs(self, eye: Eye) -> None:
        """What the ticker does beside the queue; a job that would find nothing is not run."""
        year, now = self._year, self._year.clock.at
        waits = eye.waits(now)
        if waits.plan:
            plan_ahead(year.vaults, now)
        if waits.holds:
            end_holds(year.vaults, now)
        if waits.visits:
            watch_visits(year.vaults, now)
        if waits.asleep:
            wake_flags(year.vaults, now)

    def _hand_over(self) -> None:
        year = self._year
        hand_over_due(HOLDER, year.vaults, year.clock.at, public_url=year.public_url)

    def _send(self, kind: str) -> None:
        """Send what is due, one text after the other in one transaction: nothing here dies between two of them."""
        year, now, to_settle = self._year, self._year.clock.at, []
        claims = claim_work(kind, HOLDER, now, _BATCH)
        if not claims:
            return
        with clinic_transaction(year.clinic_id, year.vaults) as scope:
            for claim in claims:
                attempt = begin_inside(scope, claim, year.public_url, now, UNBOUNDED)
                if attempt is not None and attempt.must_settle:
                    to_settle.append(attempt)
                elif attempt is not None:
                    write_inside(scope, attempt, call_carrier(attempt, year.carrier), now)
        for attempt in to_settle:
            settle_with_list(attempt, year.carrier, year.vaults, now)

    def _place(self) -> None:
        year, now = self._year, self._year.clock.at
        for claim in claim_work("call", HOLDER, now, _BATCH):
            attempt = begin_call(claim, year.vaults, year.public_url, now)
            if attempt is None:
                continue
            if attempt.must_settle:
                settle_call(attempt, year.carrier, year.vaults, now)
            else:
                write_call_outcome(attempt, year.carrier.place(attempt.call), year.vaults, now)
