"""The carrier of a simulated year: the simulator's own state machine, called directly, on the clinic's moving clock."""

import secrets
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from recovery_api.clock import Clock
from recovery_api.domain.delivery import kind_of
from recovery_api.gateways.sms import Accepted, Delivery, InboundText, OutboundText, Rejected, SendOutcome, SentText
from recovery_api.gateways.voice import OutboundCall
from recovery_api.packs.carrier_codes import carrier_codes
from recovery_api.simulator.carrier_requests import CarrierError, NewText
from recovery_api.simulator.carrier_state import CarrierState


class MovingClock(Clock):
    """Product time that stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        """Product time."""
        return self.at


@dataclass(frozen=True, slots=True)
class Taken:
    """One text that the carrier took."""

    sid: str
    at: datetime
    text: OutboundText


@dataclass
class YearCarrier:
    """Takes texts and calls, and keeps all of them in order; what is new is fetched once."""

    clock: MovingClock
    account_sid: str
    taken: list[Taken] = field(default_factory=list)
    calls: list[tuple[str, OutboundCall]] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.state = CarrierState(self.account_sid, self.clock.now, self.clock.now)
        self._fresh: list[Taken] = []
        self._ringing: list[tuple[str, OutboundCall]] = []

    def send(self, text: OutboundText) -> SendOutcome:
        """Take one text, unless its reader stopped them at the carrier."""
        wanted = NewText(text.to, text.body, text.from_ or None, None, text.status_callback, None, 0)
        try:
            sid = self.state.create(wanted).sid
        except CarrierError as error:
            self.refused += 1
            return Rejected(error.code, kind_of(error.code, carrier_codes(), "api"))
        taken = Taken(sid, self.clock.at, text)
        self.taken.append(taken)
        self._fresh.append(taken)
        return Accepted(sid, "queued")

    def place(self, call: OutboundCall) -> SendOutcome:
        """Take one call."""
        one = (f"CA{secrets.token_hex(16)}", call)
        self.calls.append(one)
        self._ringing.append(one)
        return Accepted(one[0], "queued")

    def fresh(self) -> list[Taken]:
        """The texts that were taken since this was asked last."""
        found, self._fresh = self._fresh, []
        return found

    def ringing(self) -> list[tuple[str, OutboundCall]]:
        """The calls that were taken since this was asked last."""
        found, self._ringing = self._ringing, []
        return found

    def find(
        self,
        to: str,
        body: str,
        since: datetime,
        taken: Container[str] = frozenset(),
        until: datetime | None = None,
    ) -> str | None:
        """The id of a text with these words that nobody knows yet."""
        known = (one.sid for one in self.taken if (one.text.to, one.text.body) == (to, body))
        return next((sid for sid in known if sid not in taken), None)

    def find_call(self, call: OutboundCall, since: datetime, taken: Container[str] = frozenset()) -> str | None:
        """The id of a call that nobody knows yet."""
        return next((sid for sid, made in self.calls if made.url == call.url and sid not in taken), None)

    def list_inbound(self, to: str, since: datetime) -> Iterator[InboundText]:
        """Every text reached its web hook."""
        yield from ()

    def list_outbound(self, from_: str, since: datetime, until: datetime) -> Iterator[SentText]:
        """The texts of a stretch of time."""
        yield from (SentText(one.sid, "delivered", None, one.at) for one in self.taken if since <= one.at <= until)

    def delivery_of(self, sid: str) -> Delivery | None:
        """Every text arrived."""
        return Delivery("delivered", None)
