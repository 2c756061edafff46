"""Calls out, whoever carries them: what a carrier of calls must do; a call ends in the outcomes that a text has."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recovery_api.gateways.sms import SendOutcome


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """One call to make: `url` is asked for the first words, `status_callback` told how it ended."""

    to: str
    from_: str
    url: str
    status_callback: str
    ring_seconds: int

    def __repr__(self) -> str:
        return "OutboundCall(…)"


class CallGateway(Protocol):
    """A carrier of calls. Every method may be called by many threads at once."""

    def place(self, call: OutboundCall) -> SendOutcome:
        """Offers one call, once. Raises nothing: every way it can end is an outcome."""
        ...

    def find_call(self, call: OutboundCall, since: datetime, taken: Container[str] = frozenset()) -> str | None:
        """The id of a call that the carrier already makes between these numbers, None where its list has none.

        `since` is when the attempt began, in real time; `taken` are ids of other calls. Raises CarrierUnreachable.
        """
        ...
