"""What can go wrong with a carrier, set while it runs, for the whole account or for one phone."""

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

# Before anything is taken: the line closes unanswered; 429 with Retry-After `seconds`; 503; a refusal with `code`, or
# with 21614.
REFUSING = frozenset({"drop_before", "throttle", "unavailable", "reject", "not_mobile"})
# After the text was taken: no answer for `seconds`; a reset; a 500; an answer that cannot be read; an answer that comes
# `seconds` late, after its own callbacks.
AFTER_ACCEPT = frozenset(
    {"hang_after_accept", "reset_after_accept", "error_500_after_accept", "nonsense", "callbacks_first"}
)
# How long the text waits in the carrier's own queue: `seconds`, or until its ValidityPeriod is over, with 30036.
QUEUE = frozenset({"queue_stalls"})
# How the text fares: 30006; 30007; undelivered with `code`.
DELIVERY = frozenset({"landline", "carrier_blocks", "undelivered"})
# How web hooks fare: posted twice; held back for `seconds`; never posted; held until the phone's next one has gone, at
# most `seconds`.
WEBHOOK = frozenset({"deliver_twice", "late", "no_webhooks", "reorder"})
KINDS = REFUSING | AFTER_ACCEPT | QUEUE | DELIVERY | WEBHOOK

_CODES = {"landline": 30006, "carrier_blocks": 30007, "undelivered": 30003, "reject": 30001, "not_mobile": 21614}
_ON = {"late": "status", "deliver_twice": "inbound", "not_mobile": "create", **dict.fromkeys(AFTER_ACCEPT, "create")}
_SECONDS = {"callbacks_first": 1.0, "reorder": 2.0}
TRAFFIC = frozenset({"all", "create", "read", "status", "inbound"})


class BadFault(ValueError):
    """A fault that nobody knows, or with a value out of its range."""


@dataclass(slots=True)
class Fault:
    """One fault. It strikes a share `rate` of what it applies to, and at most `times` times."""

    id: int
    fault: str
    phone: str | None
    rate: float
    times: int | None
    seconds: float
    code: int
    on: str
    struck: int = 0

    def applies(self, phone: str | None, on: str) -> bool:
        """Whether this kind of traffic with this phone is meant, and the fault is not used up."""
        return (
            self.phone in (None, phone) and self.on in ("all", on) and (self.times is None or self.struck < self.times)
        )

    def as_json(self) -> dict[str, Any]:
        """The fault as the control interface shows it."""
        return asdict(self)


class FaultBoard:
    """The faults in force. Which of its traffic a share strikes follows from the seed, the fault, the phone and the
    text alone: no thread that was faster than another changes it.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Ends every fault and begins to draw anew."""
        with self._lock:
            self._drawn: Counter[tuple[int, str | None, str, str]] = Counter()
            self._faults: list[Fault] = []
            self._last_id = 0

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Puts a fault in force, out of the control interface's JSON. Raises BadFault."""
        fault = self.read(wanted)
        with self._lock:
            self._last_id += 1
            fault.id = self._last_id
            self._faults.append(fault)
        return fault

    def read(self, wanted: dict[str, Any]) -> Fault:
        """A fault that is not in force yet. Raises BadFault."""
        kind = wanted.get("fault")
        if not isinstance(kind, str) or kind not in KINDS:
            raise BadFault(f"fault: one of {', '.join(sorted(KINDS))}")
        unknown = set(wanted) - {"fault", "phone", "rate", "times", "seconds", "code", "on"}
        if unknown:
            raise BadFault(f"{min(unknown)}: unknown")
        fault = Fault(
            id=0,
            fault=kind,
            phone=wanted.get("phone"),
            rate=_number(wanted, "rate", 1.0, 0.0, 1.0),
            times=None if wanted.get("times") is None else int(_number(wanted, "times", 1, 1, 10**9)),
            seconds=_number(wanted, "seconds", _SECONDS.get(kind, 30.0), 0.0, 86_400.0),
            code=int(_number(wanted, "code", _CODES.get(kind, 0), 0, 99_999)),
            on=wanted.get("on", _ON.get(kind, "all")),
        )
        if fault.on not in TRAFFIC or not isinstance(fault.phone, str | None):
            raise BadFault("on: all, create, read, status or inbound; phone: a number or null")
        return fault

    def end_all(self) -> None:
        """Ends every fault, and goes on drawing where it was."""
        with self._lock:
            self._faults = []

    def end_kinds(self, kinds: Collection[str]) -> None:
        """Ends the account's own faults of some kinds; those of single phones stay."""
        with self._lock:
            self._faults = [fault for fault in self._faults if fault.phone is not None or fault.fault not in kinds]

    def remove(self, fault_id: int) -> bool:
        """Ends one fault; False where there is none of that id."""
        with self._lock:
            kept = [fault for fault in self._faults if fault.id != fault_id]
            found = len(kept) < len(self._faults)
            self._faults = kept
        return found

    def listed(self) -> list[Fault]:
        """The faults in force, oldest first."""
        with self._lock:
            return list(self._faults)

    def strike(self, kinds: Collection[str], phone: str | None, on: str, of: str = "") -> Fault | None:
        """The fault that hits this piece of traffic, a phone's own before the account's; None spares it.

        `of` tells apart what one phone has under way at a time, such as the statuses of two texts.
        """
        if not self._faults:
            return None
        with self._lock:
            for fault in sorted(self._faults, key=lambda fault: fault.phone is None):
                if fault.fault in kinds and fault.applies(phone, on) and self._is_drawn(fault, phone, on, of):
                    fault.struck += 1
                    return fault
        return None

    def _is_drawn(self, fault: Fault, phone: str | None, on: str, of: str) -> bool:
        if fault.rate >= 1.0:
            return True
        place = (fault.id, phone, on, of)
        self._drawn[place] += 1
        drawn = blake2b(f"{self._seed}/{place}/{self._drawn[place]}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) < fault.rate * 2**64


def _number(wanted: dict[str, Any], name: str, usual: float, least: float, most: float) -> float:
    value = wanted.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadFault(f"{name}: a number from {least:g} to {most:g}")
    return value
