"""A play for the carrier: timed events out of YAML or JSON, the same every time for the same seed."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, None: 1.0}
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_AREAS = (201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228)
OUTAGES: Mapping[str, tuple[str, ...]] = {
    "webhooks": ("no_webhooks",),
    "api": ("drop_before",),
    "all": ("no_webhooks", "drop_before"),
}
_MOST_EVENTS, _LONGEST_SCRIPT = 100_000, 1024 * 1024
_FASTEST = 10_000_000.0
_KINDS = ("text", "burst", "fault", "end_faults", "opt_out", "outage")


class BadScript(ValueError):
    """A script that makes no sense."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, `at` seconds of the script's own time; `number` is its place among all events."""

    at: float
    number: int
    kind: str
    facts: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The event as the log shows it."""
        return {"number": self.number, "event": self.kind, **self.facts}


@dataclass(frozen=True, slots=True)
class Script:
    """All events in their order. `speed` is seconds of the script in one real second.

    In `lockstep` a moment begins only when everything that came of the moment before has ended.
    """

    events: tuple[Event, ...]
    speed: float
    lockstep: bool = False

    @property
    def seconds(self) -> float:
        """The script's own length."""
        return self.events[-1].at if self.events else 0.0

    def wait(self, event: Event) -> float:
        """Real seconds from the beginning to an event."""
        return event.at / self.speed

    def ago(self, event: Event) -> float:
        """How far back a text of this event is dated, so that the last event of a fast script happens just now."""
        return (self.seconds - event.at) * (1 - 1 / self.speed) if self.speed > 1 else 0.0


def made_up_phone(number: int) -> str:
    """The numbers 0 to 1999 as phones that exist nowhere: 555-0100 to 555-0199 in twenty areas."""
    return f"+1{_AREAS[number // 100 % len(_AREAS)]}55501{number % 100:02}"


def script_in(text: str, seed: int) -> Script:
    """A script out of YAML or JSON. Raises BadScript."""
    if len(text) > _LONGEST_SCRIPT:
        raise BadScript("script: at most one megabyte")
    try:
        content = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        raise BadScript("script: neither YAML nor JSON") from None
    return read_script(content, seed)


def read_script(content: object, seed: int) -> Script:
    """A script out of its parsed content. `seed` draws the bodies of bursts. Raises BadScript."""
    if not isinstance(content, Mapping) or not isinstance(content.get("events"), list):
        raise BadScript("script: an object with a list of events")
    _only(content, ("events", "speed", "lockstep"), "script")
    lockstep = content.get("lockstep", False)
    if not isinstance(lockstep, bool):
        raise BadScript("lockstep: true or false")
    speed = content.get("speed", 1)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= _FASTEST:
        raise BadScript("speed: seconds of the script in a real second, above 0 and at most ten million")
    found: list[tuple[float, str, Mapping[str, Any]]] = []
    for place, item in enumerate(content["events"], 1):
        found += _read_event(f"event {place}", item, random.Random(f"{seed}/{place}"))
    if len(found) > _MOST_EVENTS:
        raise BadScript(f"events: at most {_MOST_EVENTS}, with every text of a burst for one")
    found.sort(key=lambda one: one[0])
    events = (Event(at, number, kind, facts) for number, (at, kind, facts) in enumerate(found, 1))
    return Script(tuple(events), float(speed), lockstep)


def _read_event(where: str, item: object, rng: random.Random) -> Sequence[tuple[float, str, Mapping[str, Any]]]:
    if not isinstance(item, Mapping):
        raise BadScript(f"{where}: an object")
    named = [kind for kind in _KINDS if kind in item]
    _only(item, ("at", *_KINDS), where)
    if len(named) != 1:
        raise BadScript(f"{where}: exactly one of {', '.join(_KINDS)}")
    kind, at = named[0], _seconds(item.get("at", 0), f"{where}: at")
    facts = item[kind] if kind != "end_faults" else {}
    if not isinstance(facts, Mapping):
        raise BadScript(f"{where}: {kind}: an object")
    if kind == "burst":
        return _burst(f"{where}: burst", at, facts, rng)
    if kind == "outage":
        return _outage(f"{where}: outage", at, facts)
    return [(at, kind, {"on" if name is True else name: value for name, value in facts.items()})]  # YAML's bare `on`


def _burst(
    where: str, at: float, facts: Mapping[str, Any], rng: random.Random
) -> Sequence[tuple[float, str, Mapping[str, Any]]]:
    """Many texts, one a phone, evenly over a while, with words drawn from `bodies`."""
    _only(facts, ("phones", "to", "bodies", "over"), where)
    phones, bodies = facts.get("phones"), facts.get("bodies", ["7"])
    if isinstance(phones, int) and not isinstance(phones, bool) and 0 < phones <= 2000:
        phones = [made_up_phone(number) for number in range(phones)]
    if not isinstance(phones, list) or not all(isinstance(one, str) and _PHONE.fullmatch(one) for one in phones):
        raise BadScript(f"{where}: phones: a list of numbers such as +12125550100, or how many made-up ones")
    if not isinstance(bodies, list) or not bodies or not all(isinstance(body, str) for body in bodies):
        raise BadScript(f"{where}: bodies: a list of texts")
    over = _seconds(facts.get("over", 0), f"{where}: over")
    place = {"to": facts["to"]} if "to" in facts else {}
    return [
        (at + over * number / max(len(phones), 1), "text", {"from": phone, **place, "body": rng.choice(bodies)})
        for number, phone in enumerate(phones)
    ]


def _outage(where: str, at: float, facts: Mapping[str, Any]) -> Sequence[tuple[float, str, Mapping[str, Any]]]:
    _only(facts, ("for", "of"), where)
    of = facts.get("of", "all")
    if of not in OUTAGES or "for" not in facts:
        raise BadScript(f"{where}: for how long, of {', '.join(OUTAGES)}")
    lasts = _seconds(facts["for"], f"{where}: for")
    return [(at, "outage_begins", {"of": of}), (at + lasts, "outage_ends", {"of": of})]


def _only(content: Mapping[Any, Any], known: Sequence[str], where: str) -> None:
    unknown = [str(name) for name in content if name not in known]
    if unknown:
        raise BadScript(f"{where}: {min(unknown)} is unknown")


def _seconds(value: object, where: str) -> float:
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise BadScript(f"{where}: a time such as 90, 1.5s, 5m, 2h or 7d")
    return float(found[1]) * _UNITS[found[2]]
