"""The demo's landline: what the carrier says of its last call, ready to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recovery_api.clinic.frame import Choice
from recovery_api.simulator.carrier_client import CarrierAway, CarrierLevers

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
_NAMES = {"*": "star", "#": "pound"}
_SHOWN_CALLS = 3
WHO_ANSWERS = (
    Choice("by_hand", "You"),
    Choice("machine", "A machine"),
    Choice("busy", "Nobody: busy"),
    Choice("no_answer", "Nobody: no answer"),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing heard on the line: `who` is machine, phone or line."""

    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Landline:
    """A phone on a wall: what it does, what was heard on it, and the digits pressed so far."""

    sid: str = ""
    state: str = "idle"
    typed: str = ""
    takes_keys: bool = False
    heard: tuple[Heard, ...] = ()
    answers: str = "by_hand"

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """The keypad, each key with the name by which it is read out."""
        return tuple((key, _NAMES.get(key, key)) for key in KEYS)

    @property
    def who_answers(self) -> tuple[Choice, ...]:
        """Who may take the next call."""
        return WHO_ANSWERS

    @property
    def display(self) -> str:
        """What the phone's small display says."""
        words = {"idle": "Ready", "ringing": "Ringing …", "calling": "Calling …", "talking": "On the line"}
        return self.typed or words[self.state]


def landline_of(calls: Sequence[Mapping[str, Any]], answers: str = "by_hand") -> Landline:
    """The phone as its last call leaves it."""
    heard = tuple(
        Heard(line["who"], line["words"] or "(silence)") for call in calls[-_SHOWN_CALLS:] for line in call["heard"]
    )
    if not calls:
        return Landline(answers=answers)
    last = calls[-1]
    states = {"in-progress": "talking", "ringing": "ringing" if last["direction"] == "outbound" else "calling"}
    return Landline(
        sid=last["sid"],
        state=states.get(last["status"], "idle"),
        typed=last["typed"],
        takes_keys=last["waits_for"] == "keys",
        heard=heard,
        answers=answers,
    )


def read_landline(levers: CarrierLevers, phone: str) -> Landline:
    """A landline as the carrier knows it; a quiet one while the carrier does not answer."""
    try:
        return landline_of(levers.calls(phone), levers.who_answers(phone))
    except CarrierAway:
        return Landline()
