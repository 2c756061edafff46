"""Texts out and in, whoever carries them: what a carrier must do and how a send can end."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class OutboundText:
    """One text to send; `validity_seconds` is how long the carrier may hold it in its queue."""

    to: str
    body: str
    status_callback: str = ""
    validity_seconds: int = 36_000
    from_: str = ""

    def __repr__(self) -> str:
        return "OutboundText(…)"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took the text and gave it an id."""

    sid: str
    status: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The carrier refused the text; `kind` (domain.delivery.FailureKind) says what that asks of us."""

    code: int
    kind: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not taken now, and safe to offer again; `retry_after_seconds` is None where the carrier named no time."""

    retry_after_seconds: int | None
    code: int


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not a byte of the request reached the carrier: safe to offer again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The carrier may have taken the text: ask its list, or await its callback, before any resend."""

    reason: str


SendOutcome = Accepted | Rejected | Throttled | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class InboundText:
    """One text that the carrier holds for a number of ours; `media` counts its pictures."""

    sid: str
    from_: str
    to: str
    body: str
    received_at: datetime
    media: int = 0

    def __repr__(self) -> str:
        return f"InboundText(sid={self.sid!r}, …)"


class Delivery(NamedTuple):
    """How far a text got, by the carrier's own record."""

    status: str
    error_code: int | None


@dataclass(frozen=True, slots=True)
class SentText:
    """One text that the carrier took from a number of ours, as its list has it."""

    sid: str
    status: str
    error_code: int | None
    taken_at: datetime


class CarrierUnreachable(Exception):
    """The carrier could not be asked; the answer is not "no" but "not known"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SmsGateway(Protocol):
    """A carrier of texts. Every method may be called by many threads at once."""

    def send(self, text: OutboundText) -> SendOutcome:
        """Offers one text, once. Raises nothing: every way it can end is an outcome."""
        ...

    def find(
        self, to: str, body: str, since: datetime, taken: Container[str] = frozenset(), until: datetime | None = None
    ) -> str | None:
        """The id of a text that the carrier already took with these words, None where its list has none.

        `since` is when the attempt began and `until` when it had ended for certain, in real time (a minute of
        disagreement between the clocks is allowed for); `taken` holds ids that are known to belong to other
        texts. Raises CarrierUnreachable.
        """
        ...

    def list_inbound(self, to: str, since: datetime) -> Iterator[InboundText]:
        """Texts that arrived at our number `to` since a moment of real time, in no promised order.

        Raises CarrierUnreachable, also half-way: what was yielded before is sound.
        """
        ...

    def list_outbound(self, from_: str, since: datetime, until: datetime) -> Iterator[SentText]:
        """Texts that the carrier took from our number and sent between two moments of real time, in no promised order.

        Raises CarrierUnreachable, also half-way.
        """
        ...

    def delivery_of(self, sid: str) -> Delivery | None:
        """The carrier's own record of a text that it took, None where it has none. Raises CarrierUnreachable."""
        ...
