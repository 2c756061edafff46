"""The carrier's record of every text, and how it shows one."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from recovery_api.domain.segments import measure

API_VERSION = "2010-04-01"


@dataclass(slots=True)
class CarrierMessage:
    """One text. `number` counts all texts, `nth` those of this phone and direction.

    `shown_at` follows the demo's clock, every other time is real.
    """

    sid: str
    direction: str
    from_: str
    to: str
    body: str
    status: str
    created_at: datetime
    updated_at: datetime
    shown_at: datetime
    sent_at: datetime | None = None
    service_sid: str | None = None
    callback: str | None = None
    error_code: int | None = None
    media: int = 0
    number: int = 0
    nth: int = 0
    deleted: bool = False

    @property
    def phone(self) -> str:
        """The end of the line that is not ours."""
        return self.from_ if self.direction == "inbound" else self.to

    @property
    def way(self) -> str:
        """In or out, or the carrier's own reply."""
        return {"inbound": "in", "outbound-reply": "reply"}.get(self.direction, "out")


@dataclass(frozen=True, slots=True)
class Search:
    """What a list asks for; both moments are included, None asks for anything."""

    to: str | None = None
    from_: str | None = None
    sent_since: datetime | None = None
    sent_until: datetime | None = None

    def fits(self, message: CarrierMessage) -> bool:
        """Whether a text belongs into the list. One that was not sent yet has no date to filter by."""
        return (
            not message.deleted
            and self.to in (None, message.to)
            and self.from_ in (None, message.from_)
            and self._sent_in_time(message)
        )

    def _sent_in_time(self, message: CarrierMessage) -> bool:
        if self.sent_since is None and self.sent_until is None:
            return True
        if message.sent_at is None:
            return False
        sent = message.sent_at.replace(microsecond=0)
        return (self.sent_since or sent) <= sent <= (self.sent_until or sent)


class MessageStore:
    """All texts, by id and by phone; a text is listed from the moment it was taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._all: list[CarrierMessage] = []
            self._by_sid: dict[str, CarrierMessage] = {}
            self._by_phone: dict[str, list[CarrierMessage]] = {}
            self._counted: Counter[tuple[str, str]] = Counter()

    def add(self, message: CarrierMessage) -> CarrierMessage:
        """Keeps a text and numbers it."""
        with self._lock:
            message.number = len(self._all) + 1
            self._counted[message.phone, message.way] += 1
            message.nth = self._counted[message.phone, message.way]
            self._all.append(message)
            self._by_sid[message.sid] = message
            for phone in {message.from_, message.to}:
                self._by_phone.setdefault(phone, []).append(message)
        return message

    def get(self, sid: str) -> CarrierMessage | None:
        """One text, None where there is none or it was deleted."""
        message = self._by_sid.get(sid)
        return None if message is None or message.deleted else message

    def newest_first(self, search: Search, below: int | None = None) -> Iterator[CarrierMessage]:
        """Texts that fit, from the newest back; only those numbered below `below`, where it is given."""
        for message in reversed(self._candidates(search.to or search.from_)):
            if (below is None or message.number < below) and search.fits(message):
                yield message

    def thread(self, phone: str | None, limit: int) -> list[CarrierMessage]:
        """The last texts to and from one phone (or all), the oldest of them first."""
        kept = [message for message in self._candidates(phone) if not message.deleted]
        return kept[-limit:]

    def _candidates(self, phone: str | None) -> list[CarrierMessage]:
        with self._lock:
            return list(self._all if phone is None else self._by_phone.get(phone, ()))


def as_resource(message: CarrierMessage, account_sid: str) -> dict[str, Any]:
    """A text in the shape of Twilio's Message resource."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": format_datetime(message.created_at),
        "date_sent": format_datetime(message.sent_at) if message.sent_at else None,
        "date_updated": format_datetime(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": "Message delivery failed" if message.error_code else None,
        "from": message.from_,
        "messaging_service_sid": message.service_sid,
        "num_media": str(message.media),
        "num_segments": str(measure(message.body).segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def as_created(message: CarrierMessage, account_sid: str, sender_named: bool) -> dict[str, Any]:
    """The same in answer to its creation: a messaging service has not chosen a sender by then."""
    shown = as_resource(message, account_sid)
    return shown if sender_named else {**shown, "from": None, "num_segments": "0"}
