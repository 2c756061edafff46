"""Two carriers behind one: the second gets a text only where the first is known not to have taken it."""

from collections.abc import Callable, Container, Iterator
from datetime import datetime
from typing import TypeVar

from recovery_api.domain.delivery import FailureKind
from recovery_api.gateways.sms import (
    CarrierUnreachable,
    Delivery,
    InboundText,
    NotSent,
    OutboundText,
    Rejected,
    SendOutcome,
    SentText,
    SmsGateway,
    Throttled,
)
from recovery_api.logs import warn

T = TypeVar("T")


class TwoCarriers:
    """A first carrier, and a second one for what the first surely did not take.

    An unknown end is never offered to the second: the first may have taken the text. As nobody knows which of them
    a sender that died had called, both are asked what became of an attempt.
    """

    def __init__(self, first: SmsGateway, second: SmsGateway) -> None:
        self._first = first
        self._second = second

    def __repr__(self) -> str:
        return "TwoCarriers(…)"

    def send(self, text: OutboundText) -> SendOutcome:
        """Offers one text, once to each at most; see SmsGateway."""
        outcome = self._first.send(text)
        if not surely_not_taken(outcome):
            return outcome
        otherwise = self._second.send(text)
        if surely_not_taken(otherwise):
            return outcome
        warn("carrier.second_used", outcome=type(otherwise).__name__, reason=type(outcome).__name__)
        return otherwise

    def find(
        self, to: str, body: str, since: datetime, taken: Container[str] = frozenset(), until: datetime | None = None
    ) -> str | None:
        """The id of a text that either of them took; see SmsGateway. None only where both say so."""
        return self._ask_both(lambda carrier: carrier.find(to, body, since, taken, until))

    def list_inbound(self, to: str, since: datetime) -> Iterator[InboundText]:
        """What arrived at both; see SmsGateway."""
        yield from self._first.list_inbound(to, since)
        yield from self._second.list_inbound(to, since)

    def list_outbound(self, from_: str, since: datetime, until: datetime) -> Iterator[SentText]:
        """What both of them sent; see SmsGateway."""
        yield from self._first.list_outbound(from_, since, until)
        yield from self._second.list_outbound(from_, since, until)

    def delivery_of(self, sid: str) -> Delivery | None:
        """The record of whichever took it; see SmsGateway."""
        return self._ask_both(lambda carrier: carrier.delivery_of(sid))

    def _ask_both(self, question: Callable[[SmsGateway], T | None]) -> T | None:
        silence: CarrierUnreachable | None = None
        for carrier in (self._first, self._second):
            try:
                answer = question(carrier)
            except CarrierUnreachable as away:
                silence = away
                continue
            if answer is not None:
                return answer
        if silence is not None:
            raise silence
        return None


def surely_not_taken(outcome: SendOutcome) -> bool:
    """Whether the carrier certainly does not have the text, for a reason that another carrier need not share."""
    if isinstance(outcome, Rejected):
        return outcome.kind == FailureKind.SENDER_CONFIG
    return isinstance(outcome, NotSent | Throttled)
