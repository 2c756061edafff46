"""Two tickers, four senders, kills, a clock that jumps: each due item once or skipped with a record, none at night."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from recovery_api.domain.local_time import within_quiet_hours
from recovery_api.domain.pacing import Pace
from recovery_api.models import tables
from recovery_api.services import hand_over_reminders
from recovery_api.services.claim_work import claim_work
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.send_messages import begin_attempt, call_carrier, still_wanted, write_outcome
from recovery_api.services.settle_unknown import settle_with_list
from tests.builders import NOW, make_patient
from tests.services.outbox import Outbox
from tests.services.schedules import undone
from tests.services.scripted_carrier import ScriptedCarrier

JUMPS = (timedelta(hours=-1), timedelta(days=2), *2 * (timedelta(minutes=20), timedelta(hours=3)))
ZONE, EVENTS = ZoneInfo("America/New_York"), 40


class Killed(Exception):
    """The process died here."""


@dataclass
class World:
    """Tickers and senders that take turns, on a product clock that jumps."""

    outbox: Outbox
    chance: random.Random
    at_night: list[datetime] = field(default_factory=list)
    latest: datetime = NOW

    def live(self) -> None:
        """Let things happen, then let everything come to its end."""
        deeds: tuple[Callable[[], None], ...] = (self.tick, self.tick, self.send, self.send, self.send, self.jump)
        for _ in range(EVENTS):
            self.chance.choice(deeds)()
        self.outbox.clock.set(max(self.latest, self.outbox.clock.now))
        for _ in range(20):
            self.outbox.real.forward(seconds=61)
            self.tick(may_die=False)
            while self.send(may_die=False):
                pass

    def tick(self, *, may_die: bool = True) -> None:
        """One of two tickers plans and hands over; it may die in the midst of it, with nothing committed."""
        holder, now = f"ticker:{self.chance.randint(1, 2)}:0", self.outbox.clock.now
        vaults = self.outbox.clinic.wiring.vaults
        plan_ahead(vaults, now)
        with pytest.MonkeyPatch.context() as patch:
            if may_die and self.chance.random() < 0.2:
                patch.setattr(hand_over_reminders, "_mark", die)
            with suppress(Killed):
                hand_over_due(holder, vaults, now, most=5)

    def send(self, *, may_die: bool = True) -> int:
        """One of four senders takes three texts; it may die before or after a call, and its leases run out."""
        holder, vaults, outbox = f"sender:{self.chance.randint(1, 4)}:1", self.outbox.clinic.wiring.vaults, self.outbox
        claims = claim_work("send_bulk", holder, outbox.clock.now, 3)
        for claim in claims:
            dies_at = self.chance.random() if may_die else 1.0
            attempt = begin_attempt(claim, vaults, "https://recovery.test", outbox.clock.now, Pace.of(1000))
            if attempt is None or dies_at < 0.1:
                continue
            if attempt.must_settle:
                settle_with_list(attempt, outbox.carrier, vaults, outbox.clock.now)
                continue
            if not still_wanted(attempt, vaults, outbox.clock.now):
                continue
            if within_quiet_hours(outbox.clock.now, ZONE):
                self.at_night.append(outbox.clock.now)
            outcome = call_carrier(attempt, outbox.carrier)
            if dies_at > 0.2:
                write_outcome(attempt, outcome, vaults, outbox.clock.now)
        return len(claims)

    def jump(self) -> None:
        """The product's clock goes back an hour, on two days, or just on."""
        self.outbox.clock.set(self.outbox.clock.now + self.chance.choice(JUMPS))
        self.latest = max(self.latest, self.outbox.clock.now)
        self.outbox.real.forward(seconds=self.chance.choice((1, 61)))


def die(*_: object) -> None:
    raise Killed


def broken(world: World) -> Iterator[str]:
    """What must hold at the end and does not."""
    outbox, reminder, message = world.outbox, tables.reminder, tables.message
    with outbox.clinic.open() as scope:
        due = scope.connection.execute(select(reminder).where(reminder.c.due_at <= outbox.clock.now)).all()
        texts = scope.connection.execute(select(message).where(message.c.reminder_id.is_not(None))).all()
        work = scope.connection.execute(
            select(tables.due_work.c.row_id).where(
                tables.due_work.c.kind == "reminder", tables.due_work.c.due_at <= outbox.clock.now
            )
        ).all()
    yield from (f"{row.text_key} is still {row.state}" for row in due if row.state == "planned")
    yield from (f"{row.text_key} was skipped without a word" for row in due if row.state == "skipped" and not row.why)
    yield from (f"work is left: {row.row_id}" for row in work)
    handed = Counter(row.reminder_id for row in texts)
    done = [row.id for row in due if row.state == "handed_over"]
    yield from (f"{handed[one]} texts of one reminder" for one in done if handed[one] != 1)
    taken = Counter(text.status_callback for text in outbox.carrier.taken.values())
    yield from (f"{times} copies of one text" for times in taken.values() if times > 1)
    yield from (f"a text at night, {at}" for at in world.at_night)
    yield from (f"a text is {row.state} for ever" for row in texts if row.state in ("planned", "sending", "unknown"))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_whatever_dies_and_however_the_clock_jumps_each_due_item_is_done_once_or_skipped_with_a_record(
    outbox: Outbox, database: Connection, samples: Callable[[int, int], int]
) -> None:
    found, sent = {}, []
    for seed in range(samples(12, 1_000)):
        outbox.real.now = NOW
        outbox.clock.set(NOW)
        fresh = Outbox(outbox.patient, ScriptedCarrier(), outbox.clock, outbox.real)
        with undone(database), outbox.clinic.app.app_context():
            make_patient(outbox.clinic, phone="+16465550133")
            world = World(fresh, random.Random(seed))
            world.live()
            found[seed] = list(broken(world))
            sent.append(len(fresh.carrier.taken))
    assert {seed: what for seed, what in found.items() if what} == {}
    assert sum(sent) > 2 * len(sent)  # where the clock runs days ahead all is skipped, and that says little
