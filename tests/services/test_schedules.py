"""Thousands of schedules of crashes, lost answers, repeats, callbacks, stops, clocks and two senders break nothing."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from recovery_api.services import send_messages
from tests.builders import NOW
from tests.services.outbox import Outbox
from tests.services.schedules import (
    Schedule,
    Steps,
    claim_without_holding,
    never_refuses,
    settle_without_a_list,
    undone,
    write_before_the_call,
)
from tests.services.scripted_carrier import ScriptedCarrier

Samples = Callable[[int, int], int]
SEEDS_UNTIL_CAUGHT = 200


def play(outbox: Outbox, database: Connection, seed: int, steps: Steps | None = None) -> list[str]:
    """One schedule on a world that is the same for every seed."""
    outbox.real.now = NOW
    outbox.clock.set(NOW)
    fresh = Outbox(outbox.patient, ScriptedCarrier(), outbox.clock, outbox.real)
    with undone(database), outbox.clinic.app.app_context():
        return Schedule(fresh, seed, steps or Steps()).play()


@pytest.mark.soak
@pytest.mark.parametrize("first", range(0, 10_000, 1_000))
def test_no_schedule_doubles_or_loses_a_text_or_sends_one_that_must_not_leave(
    outbox: Outbox, database: Connection, samples: Samples, first: int
) -> None:
    seeds = range(first, first + samples(3, 1_000))
    broken = {seed: found for seed in seeds if (found := play(outbox, database, seed))}
    assert broken == {}


@pytest.mark.parametrize("seed", [488, 1112, 3073])
def test_a_schedule_that_was_broken_once_stays_whole(outbox: Outbox, database: Connection, seed: int) -> None:
    assert play(outbox, database, seed) == []


def is_caught(outbox: Outbox, database: Connection, says: str, first: int, steps: Steps | None = None) -> bool:
    """Whether a schedule with these steps goes wrong in this way; `first` is one that is known to."""
    return any(says in play(outbox, database, first + more, steps) for more in range(SEEDS_UNTIL_CAUGHT))


@pytest.mark.parametrize(
    ("steps", "says", "first"),
    [
        (Steps(settle=settle_without_a_list), "two texts for one row", 1),
        (Steps(claim=claim_without_holding), "two texts for one row", 1),
        (Steps(before_the_call=write_before_the_call), "the carrier knows better", 0),
    ],
    ids=["no list check", "no claim", "mark before send"],
)
def test_a_broken_step_is_caught(outbox: Outbox, database: Connection, steps: Steps, says: str, first: int) -> None:
    assert is_caught(outbox, database, says, first, steps)


@pytest.mark.parametrize(("says", "first"), [("sent after a committed opt-out", 16), ("sent in quiet hours", 2)])
def test_a_sender_that_does_not_look_again_is_caught(
    outbox: Outbox, database: Connection, monkeypatch: pytest.MonkeyPatch, says: str, first: int
) -> None:
    monkeypatch.setattr(send_messages, "why_not_to_send", never_refuses)
    assert is_caught(outbox, database, says, first)
