"""Schedules of everything that can go wrong at once, played on one clinic, and what must hold at their end."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.schedule import within_quiet_hours
from recovery_api.gateways.sms import InboundText, NotSent, OutboundText, SendOutcome, Throttled
from recovery_api.models import tables
from recovery_api.services.claim_work import Claim, claim_work
from recovery_api.services.follow_delivery import follow_delivery
from recovery_api.services.outbox_rows import LIVE, Attempt
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from recovery_api.services.reconcile_inbound import reconcile_inbound
from recovery_api.services.send_messages import (
    FENCE_SECONDS,
    FENCED,
    WITHDRAWN,
    begin_attempt,
    call_carrier,
    still_wanted,
    write_outcome,
)
from recovery_api.services.settle_unknown import settle_with_list
from tests.builders import NOW
from tests.services.outbox import Outbox
from tests.services.scripted_carrier import LOST_ANSWER, LOST_REQUEST

EVENTS, MOST_ROUNDS, MOST_AT_ONCE = 16, 30, 3
STATUSES = ("queued", "sending", "sent", "delivered", "undelivered", "failed")
TROUBLES = (LOST_ANSWER, LOST_ANSWER, LOST_REQUEST, NotSent("refused"), Throttled(5, 20429))
WORDS = ("STOP", "STOP", "4", "my legs feel weak since last night", "thanks")
NOT_LEFT = ("expired", "suppressed", "rejected")
EXEMPT = ("stopped", "wrong_person", "deceased")
ZONE = ZoneInfo("America/New_York")


@dataclass
class Steps:
    """What a sender does, each step replaceable by a broken one."""

    claim: Callable[[str, str, Outbox], list[Claim]] = lambda kind, holder, outbox: claim_work(
        kind, holder, outbox.clock.now, 1
    )
    begin: Callable[..., Attempt | None] = begin_attempt
    is_wanted: Callable[..., bool] = still_wanted
    before_the_call: Callable[[Attempt, Outbox], None] = lambda attempt, outbox: None
    settle: Callable[..., None] = settle_with_list
    write: Callable[..., None] = write_outcome


@dataclass
class Sender:
    """One sender process, in the middle of whatever it does."""

    holder: str
    lane: str
    claim: Claim | None = None
    claimed_at: Any = None
    attempt: Attempt | None = None
    outcome: SendOutcome | None = None

    def forget(self) -> None:
        """It crashed, or it is done."""
        self.claim = self.attempt = self.outcome = None


@dataclass
class Taken:
    """One text that the carrier took, as the world was at that moment."""

    message_id: UUID
    after_stop: bool
    in_quiet_hours: bool


@dataclass
class Schedule:
    """One run of many things at once, drawn from a seed."""

    outbox: Outbox
    seed: int
    steps: Steps = field(default_factory=Steps)
    stopped: bool = False
    taken: list[Taken] = field(default_factory=list)
    written: list[InboundText] = field(default_factory=list)
    rounds: int = 0
    latest: datetime = NOW

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.vaults = self.outbox.clinic.wiring.vaults
        self.carrier = self.outbox.carrier
        self.carrier.while_sending = self._note
        lanes = ("bulk", "bulk", "alert")
        self.senders = [Sender(f"sender:{place}:0", lane) for place, lane in enumerate(lanes)]

    def play(self) -> list[str]:
        """Play it to its end; what it found broken, nothing as a rule."""
        self.outbox.queue_reminder(expires_at=self.outbox.clock.now + timedelta(hours=13))
        if self.random.random() < 0.4:
            self.outbox.queue("emergency", "safety")
        deeds = (self._step, self._crash, self._pass_time, self._text, self._web_hook, self._callback, self._turn_clock)
        for _ in range(EVENTS):
            self.random.choices(deeds, weights=(12, 2, 3, 2, 3, 2, 1))[0]()
        self._drain()
        return list(self._broken())

    def _note(self, sid: str, text: OutboundText) -> None:
        message_id = UUID(text.status_callback.partition("?m=")[2][32:])
        at_night = within_quiet_hours(self.outbox.clock.now, ZONE)
        self.taken.append(Taken(message_id, self.stopped, at_night))

    def _step(self, sender: Sender | None = None) -> None:
        """One sender does its next step."""
        sender = sender or self.random.choices(self.senders, weights=(5, 5, 2))[0]
        now = self.outbox.clock.now
        if sender.claim is None:
            sender.claim = next(iter(self.steps.claim(f"send_{sender.lane}", sender.holder, self.outbox)), None)
            sender.claimed_at = self.outbox.real.now
        elif sender.attempt is None:
            sender.attempt = self.steps.begin(sender.claim, self.vaults, "https://recovery.test", now)
            if sender.attempt is None:
                sender.forget()
        elif sender.attempt.must_settle:
            self.steps.settle(sender.attempt, self.carrier, self.vaults, now)
            sender.forget()
        elif sender.outcome is None:
            sender.outcome = self._call(sender, sender.attempt)
        else:
            self.steps.write(sender.attempt, sender.outcome, self.vaults, now)
            sender.forget()

    def _call(self, sender: Sender, attempt: Attempt) -> SendOutcome:
        if not self.steps.is_wanted(attempt, self.vaults, self.outbox.clock.now):
            return WITHDRAWN
        if self.outbox.real.now - sender.claimed_at >= timedelta(seconds=FENCE_SECONDS):
            return FENCED
        self.steps.before_the_call(attempt, self.outbox)
        if self.random.random() < 0.5:
            self.carrier.script.append(self.random.choice(TROUBLES))
        return call_carrier(attempt, self.carrier)

    def _crash(self) -> None:
        self.random.choice(self.senders).forget()

    def _pass_time(self) -> None:
        self.outbox.real.forward(seconds=self.random.choice((1, 9, 36, 61)))

    def _turn_clock(self) -> None:
        self.outbox.clock.forward(minutes=self.random.choice((-60, 10, 90, 700)))
        self.latest = max(self.latest, self.outbox.clock.now)

    def _text(self) -> None:
        """Somebody writes; the web hook may hear of it at once, later, twice, or never."""
        sid = f"SM{0xABC000 + len(self.written):032x}"
        number, phone = self.outbox.clinic.number, self.outbox.patient.phone
        text = InboundText(sid, phone, number, self.random.choice(WORDS), self.outbox.real.now)
        self.written.append(text)
        self.carrier.inbox.append(text)

    def _web_hook(self) -> None:
        if not self.written:
            return
        text = self.random.choice(self.written)
        received = ReceivedText(text.sid, text.from_, text.to, text.body)
        if receive_sms(received, self.vaults, self.outbox.clock.now):
            self.stopped = self.stopped or text.body == "STOP"

    def _callback(self) -> None:
        if not self.carrier.taken:
            return
        sid, text = self.random.choice(list(self.carrier.taken.items()))
        status = self.random.choice(STATUSES)
        message_id = UUID(text.status_callback.partition("?m=")[2][32:])
        follow_delivery(self.outbox.clinic.id, message_id, sid, status, None, self.vaults, self.outbox.clock.now)

    def _drain(self) -> None:
        """Everybody who lives goes on until nothing is left to do; what the web hook missed is reconciled."""
        for sender in self.senders:
            self._finish(sender)
        self.outbox.clock.set(self.latest)
        self.outbox.real.forward(seconds=61)
        if self.written:
            reconcile_inbound(self.carrier, self.vaults, self.outbox.clock.now)
        self.stopped = self.stopped or any(text.body == "STOP" for text in self.written)
        while lanes := self._live_lanes():
            self.rounds += 1
            if self.rounds > MOST_ROUNDS:
                return
            self.outbox.real.forward(seconds=61)
            for sender in (self.senders[place] for place, lane in ((0, "bulk"), (2, "alert")) if lane in lanes):
                for _ in range(MOST_AT_ONCE):
                    self._step(sender)
                    self._finish(sender)

    def _finish(self, sender: Sender) -> None:
        while sender.claim is not None:
            self._step(sender)

    def _live_lanes(self) -> set[str]:
        """Where texts still wait for an end."""
        message = tables.message
        with self.outbox.clinic.open() as scope:
            found = select(message.c.lane).where(message.c.direction == "out", message.c.state.in_(LIVE)).distinct()
            return set(scope.connection.execute(found).scalars())

    def _broken(self) -> Iterator[str]:
        """Every promise that does not hold."""
        message = tables.message
        with self.outbox.clinic.open() as scope:
            rows = scope.connection.execute(select(message)).all()
        times = Counter(taken.message_id for taken in self.taken)
        purposes = {row.id: row for row in rows}
        for row in rows:
            if row.direction == "out":
                yield from _broken_row(row, times[row.id])
        for taken in self.taken:
            row = purposes[taken.message_id]
            answers_danger = row.purpose == "safety" and row.in_reply_to_id is not None
            if taken.after_stop and row.text_key not in EXEMPT and not answers_danger:
                yield "sent after a committed opt-out"
            if taken.in_quiet_hours and row.purpose == "reminder":
                yield "sent in quiet hours"
        stored = Counter(row.sid for row in rows if row.direction == "in")
        if stored != Counter(text.sid for text in self.written):
            yield "an inbound text is lost or doubled"


def _broken_row(row: Any, times: int) -> Iterator[str]:
    if times > 1:
        yield "two texts for one row"
    if row.state in LIVE:
        yield "a text without an end"
    elif (times > 0) != (row.state not in NOT_LEFT):
        yield "the carrier knows better"


@contextmanager
def undone(database: Connection) -> Iterator[None]:
    """What happens in here did not happen."""
    savepoint = database.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


# the broken steps


def settle_without_a_list(attempt: Attempt, carrier: Any, vaults: Any, now: Any) -> None:
    """An unknown end is simply sent again."""
    settle_with_list(attempt, _EmptyList(), vaults, now)


class _EmptyList:
    def find(self, *_: object) -> None:
        return None


def claim_without_holding(kind: str, holder: str, outbox: Outbox) -> list[Claim]:
    """A sender takes whatever was not accepted yet, also what another one has in hand."""
    work, message = tables.due_work, tables.message
    with outbox.clinic.open() as scope:
        row = scope.connection.execute(
            select(work)
            .join(message, message.c.id == work.c.row_id)
            .where(work.c.kind == kind, work.c.due_at <= outbox.clock.now, message.c.state.in_(LIVE))
        ).first()
        if row is None:
            return []
        in_hand = (message.c.id == row.row_id) & (message.c.state == "sending")
        scope.connection.execute(update(message).where(in_hand).values(state="planned"))
    return [Claim(row.clinic_id, row.row_id, row.due_at, row.kind)]


def write_before_the_call(attempt: Attempt, outbox: Outbox) -> None:
    """A text counts as sent before it is."""
    outbox.mark_one(attempt.claim.row_id, state="sent")
    outbox.strand(attempt.claim.row_id)


def never_refuses(scope: ClinicScope, message: Any, now: datetime) -> str | None:
    """Nobody looks at consent or at the hour again."""
    return "expired" if now >= message.expires_at else None
