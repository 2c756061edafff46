"""The carrier's record of a call: how the phone behaves, what was said, and how Twilio shows it."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from recovery_api.simulator.carrier_messages import API_VERSION

ENDED = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
ANSWERS = ("by_hand", "human", "machine", "unknown", "busy", "no_answer", "fails")
ANSWERED_BY = {"by_hand": "human", "human": "human", "machine": "machine_end_beep", "unknown": "unknown"}


@dataclass(slots=True)
class Behaviour:
    """How one phone takes calls: who answers, the keys of each turn ("" is silence), then it hangs up.

    `clinic_answers` is whether the clinic takes a call that is put through.
    """

    answers: str = "by_hand"
    keys: tuple[str, ...] = ()
    clinic_answers: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One thing heard on the line: `who` is machine (our words), phone (keys pressed) or line (what happened)."""

    who: str
    words: str


@dataclass(slots=True)
class CarrierCall:
    """One call; `number` counts up, `turn` with every change that a waiting silence must not outlive."""

    sid: str
    direction: str
    from_: str
    to: str
    status: str
    created_at: datetime
    shown_at: datetime
    url: str
    callback: str
    ring_seconds: int
    behaviour: Behaviour
    number: int = 0
    turn: int = 0
    answered_by: str = ""
    heard: list[Line] = field(default_factory=list)
    action: str = ""
    waits_for: str = ""
    typed: str = ""
    keys: deque[str] = field(default_factory=deque)
    is_scripted: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def phone(self) -> str:
        """The end of the line that is not ours."""
        return self.from_ if self.direction == "inbound" else self.to

    @property
    def is_over(self) -> bool:
        """Whether the line is dead."""
        return self.status in ENDED

    def fields(self, account_sid: str) -> dict[str, str]:
        """What every web hook of this call carries."""
        fields = {
            "AccountSid": account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Called": self.to,
            "Caller": self.from_,
            "Direction": self.direction,
            "From": self.from_,
            "To": self.to,
            "FromCity": "",
            "FromCountry": "US",
        }
        return fields | ({"AnsweredBy": self.answered_by} if self.answered_by else {})

    def as_resource(self, account_sid: str) -> dict[str, Any]:
        """The call in the shape of Twilio's Call resource."""
        return {
            "account_sid": account_sid,
            "answered_by": self.answered_by or None,
            "api_version": API_VERSION,
            "date_created": format_datetime(self.created_at),
            "date_updated": format_datetime(self.created_at),
            "direction": self.direction,
            "duration": None,
            "from": self.from_,
            "sid": self.sid,
            "status": self.status,
            "to": self.to,
            "uri": f"/{API_VERSION}/Accounts/{account_sid}/Calls/{self.sid}.json",
        }

    def as_shown(self) -> dict[str, Any]:
        """The call as the levers show it."""
        with self.lock:
            return {
                "sid": self.sid,
                "direction": "inbound" if self.direction == "inbound" else "outbound",
                "from": self.from_,
                "to": self.to,
                "status": self.status,
                "answered_by": self.answered_by,
                "waits_for": self.waits_for,
                "typed": self.typed,
                "heard": [{"who": line.who, "words": line.words} for line in self.heard],
                "at": self.shown_at.isoformat(timespec="seconds"),
            }


class CallStore:
    """All calls by id, and how each phone behaves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._all: list[CarrierCall] = []
            self._by_sid: dict[str, CarrierCall] = {}
            self._behaviours: dict[str, Behaviour] = {}

    def behave(self, phone: str, behaviour: Behaviour) -> None:
        """From now on the phone takes calls like this."""
        with self._lock:
            self._behaviours[phone] = behaviour

    def behaviour_of(self, phone: str) -> Behaviour:
        """How a phone takes calls; it rings until somebody picks up by hand where nothing was said."""
        return self._behaviours.get(phone) or Behaviour()

    def add(self, call: CarrierCall) -> CarrierCall:
        """Keeps a call and numbers it."""
        with self._lock:
            call.number = len(self._all) + 1
            self._all.append(call)
            self._by_sid[call.sid] = call
        return call

    def get(self, sid: str) -> CarrierCall | None:
        """One call, None where there is none."""
        return self._by_sid.get(sid)

    def of(self, phone: str | None) -> list[CarrierCall]:
        """The calls to and from one phone (or all), oldest first."""
        with self._lock:
            return [call for call in self._all if phone in (None, call.from_, call.to)]
