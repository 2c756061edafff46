"""What the carrier's codes and delivery statuses mean, in whatever order they arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple


class FailureKind(StrEnum):
    """What a refusal or failure code asks of us; the act for each stands in packs/error_codes.json."""

    RETRY_SAFE = "retry_safe"
    UNKNOWN_OUTCOME = "unknown_outcome"
    OPTED_OUT = "opted_out"
    RECIPIENT_PERMANENT = "recipient_permanent"
    RECIPIENT_TRANSIENT = "recipient_transient"
    CONTENT = "content"
    SENDER_CONFIG = "sender_config"
    LIMIT = "limit"
    EXPIRED = "expired"
    QUIET_HOURS = "quiet_hours"
    SCHEDULE = "schedule"
    REQUEST_BUG = "request_bug"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The carrier's codes as data, with a kind for every code that the table does not know."""

    version: str
    codes: Mapping[int, FailureKind]
    api_default: FailureKind
    server_error_default: FailureKind
    delivery_default: FailureKind


class Advance(NamedTuple):
    """The status after an event, whether the event changed it, and whether it contradicts it."""

    status: str
    changed: bool
    conflict: bool


# From least to most settled. Twilio promises no order of arrival, so the later place in this row wins.
# Endings that contradict each other have places of their own, so that every order of the same
# callbacks ends alike: a receipt from the handset outweighs a report that it failed.
_ROW = (
    "scheduled", "accepted", "queued", "sending", "sent", "partially_delivered",
    "canceled", "failed", "undelivered", "delivered", "read",
)  # fmt: skip
_PLACES = {status: place for place, status in enumerate(_ROW)}
_BEFORE_ALL = -1
_ARRIVED = frozenset({"delivered", "read"})
FINAL_STATUSES = frozenset({"canceled", "failed", "undelivered"}) | _ARRIVED
WITHOUT_END = ("accepted", "queued", "sent")  # of a text that we handed over: its end is yet to come
_FIRST_SERVER_ERROR, _FIRST_CARRIER_CODE = 500, 1000


def kind_of(code: int | None, table: CodeTable, where: Literal["api", "delivery"] = "delivery") -> FailureKind:
    """The kind of a carrier code or, where a refusal carried none, of its HTTP status. Never fails.

    `where` says who reported it, which decides the kind of a code that the table does not know:
    the answer to a request ("api") or a delivery receipt ("delivery").
    """
    known = table.codes.get(code) if code is not None else None
    if known is not None:
        return known
    if where == "delivery" or code is None:
        return table.delivery_default if where == "delivery" else table.api_default
    is_server_error = _FIRST_SERVER_ERROR <= code < _FIRST_CARRIER_CODE
    return table.server_error_default if is_server_error else table.api_default


def advance(status: str, event: str) -> Advance:
    """The delivery status once `event` arrived: it only ever moves towards more settled.

    A status that is not the carrier's own (a text still being sent, an unknown outcome) gives way to
    any event; an event that the carrier invents one day changes nothing. Two endings that cannot
    both be true are a conflict, whichever came first.
    """
    place = _PLACES.get(event)
    if place is None or event == status:
        return Advance(status, changed=False, conflict=False)
    conflict = {status, event} <= FINAL_STATUSES and not {status, event} <= _ARRIVED
    if place <= _PLACES.get(status, _BEFORE_ALL):
        return Advance(status, changed=False, conflict=conflict)
    return Advance(event, changed=True, conflict=conflict)


def contradicted(known: str | None, status: str, event: str) -> str:
    """The ending that an end contradicts once `event` met `status`: the most settled of those that were not kept.

    `known` is what was contradicted before. Every order of the same reports leaves the same one.
    """
    lost = min(status, event, key=_PLACES.__getitem__)
    return lost if known is None else max(known, lost, key=_PLACES.__getitem__)
