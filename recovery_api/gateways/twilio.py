"""Twilio as our carrier of texts: the one file that speaks to its official client."""

import logging
import os
import threading
from collections.abc import Callable, Container, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from recovery_api.domain.delivery import FailureKind
from recovery_api.gateways.carrier_http import CarrierHttp, NoAnswer, TooMany
from recovery_api.gateways.sms import (
    Accepted,
    CarrierUnreachable,
    Delivery,
    InboundText,
    NotSent,
    OutboundText,
    Rejected,
    SendOutcome,
    SentText,
    Throttled,
    Unknown,
)
from recovery_api.gateways.twilio_answers import (
    inbound_texts,
    is_sid,
    outcome_of,
    said_by,
    sent_texts,
    taken_at,
    whole_second,
)

T = TypeVar("T")

# Asked of Twilio in the callback's fragment, which it neither sends nor signs: up to three more tries after any
# failure, with 3 s to connect and 5 s to read. Its default is one more try, and that for TCP failures alone.
CALLBACK_OVERRIDES = "rc=3&rp=all&ct=3000&rt=5000"
_SHORTEST_VALIDITY, _LONGEST_VALIDITY = 5, 36_000
_CLOCK_SKEW = timedelta(minutes=1)
_FIND_PAGE, _INBOUND_PAGE, _MOST_PAGES = 100, 1000, 500
_THROTTLED_CODE, _NO_SUCH_TEXT = 20429, "code 20404"
_UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, RecursionError)


class TwilioGateway:
    """Sends and lists texts over one pooled client per process, made when first needed."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str = "",
        api_key: str = "",
        api_secret: str = "",
        messaging_service_sid: str = "",
        api_base: str = "",
        connect_seconds: float = 3.0,
        read_seconds: float = 30.0,
    ) -> None:
        self._account_sid = account_sid
        self._credentials = (api_key, api_secret) if api_key else (account_sid, auth_token)
        self._messaging_service_sid = messaging_service_sid
        self._api_base = api_base
        self._timeouts = (connect_seconds, read_seconds)
        self._made: tuple[int, Any] | None = None
        self._making = threading.Lock()

    def __repr__(self) -> str:
        return "TwilioGateway(…)"

    def send(self, text: OutboundText) -> SendOutcome:
        """Offers one text, once; see SmsGateway."""
        if not _can_be_written(text):
            return Rejected(0, FailureKind.CONTENT)
        message = self.offer(lambda client: client.messages.create(**self._fields(text)))
        if isinstance(message, SendOutcome):
            return message
        if not is_sid(message.sid):
            return Unknown("answer without an id")
        return Accepted(message.sid, str(message.status))

    def offer(self, create: Callable[[Any], Any]) -> Any:
        """What Twilio made of one request to create something, or the outcome that its failure amounts to."""
        client = self._client()
        try:
            return create(client)
        except NoAnswer as silence:
            return Unknown(silence.reason) if silence.reached else NotSent(silence.reason)
        except TooMany as too_many:
            return Throttled(too_many.retry_after_seconds, _THROTTLED_CODE)
        except _refusals() as refusal:
            return outcome_of(refusal)
        except _UNREADABLE:
            return Unknown("unreadable answer")

    def ask(self, question: Callable[[Any], T]) -> T:
        """What Twilio's client says to one question. Raises CarrierUnreachable."""
        return self._asked(lambda: question(self._client()))

    def find(
        self, to: str, body: str, since: datetime, taken: Container[str] = frozenset(), until: datetime | None = None
    ) -> str | None:
        """The id of a text already taken; see SmsGateway. The oldest, where several match.

        Not filtered by date at Twilio: a text that it still holds in its queue has no DateSent.
        """
        floor = whole_second(since) - _CLOCK_SKEW
        ceiling = until + _CLOCK_SKEW if until is not None else None
        matches: list[tuple[datetime, str]] = []
        for page in self._pages(to=to, page_size=_FIND_PAGE):
            recent = [one for one in page if taken_at(one) >= floor]
            in_time = [one for one in recent if ceiling is None or taken_at(one) <= ceiling]
            matches += [
                (taken_at(one), one.sid)
                for one in in_time
                if one.direction == "outbound-api" and one.body == body and one.sid not in taken
            ]
            if not recent:
                break
        return min(matches)[1] if matches else None

    def list_inbound(self, to: str, since: datetime) -> Iterator[InboundText]:
        """Texts that arrived; see SmsGateway. Twilio filters by the day, we by the second."""
        floor = whole_second(since)
        midnight = floor.replace(hour=0, minute=0, second=0)
        for page in self._pages(to=to, date_sent_after=midnight, page_size=_INBOUND_PAGE):
            arrived = [one for one in page if one.direction == "inbound" and taken_at(one) >= floor]
            yield from self._asked(partial(inbound_texts, arrived, floor))

    def list_outbound(self, from_: str, since: datetime, until: datetime) -> Iterator[SentText]:
        """Texts that Twilio sent for us; see SmsGateway. Its own answers to keywords are not ours and left out."""
        filters = {"date_sent_after": whole_second(since), "date_sent_before": whole_second(until)}
        for page in self._pages(from_=from_, page_size=_INBOUND_PAGE, **filters):
            ours = [one for one in page if one.direction == "outbound-api"]
            yield from self._asked(partial(sent_texts, ours, whole_second(since)))

    def delivery_of(self, sid: str) -> Delivery | None:
        """Twilio's own record of a text; see SmsGateway."""
        try:
            message = self._asked(self._client().messages(sid).fetch)
        except CarrierUnreachable as refusal:
            if refusal.reason == _NO_SUCH_TEXT:
                return None
            raise
        return Delivery(str(message.status), message.error_code or None)

    def close(self) -> None:
        """Closes the pooled connections of this process."""
        if self._made is not None:
            self._made[1].http_client.close()
            self._made = None

    def _fields(self, text: OutboundText) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "to": text.to,
            "body": text.body,
            "smart_encoded": True,
            "validity_period": max(_SHORTEST_VALIDITY, min(int(text.validity_seconds), _LONGEST_VALIDITY)),
        }
        if self._messaging_service_sid:
            fields["messaging_service_sid"] = self._messaging_service_sid
        if text.from_:
            fields["from_"] = text.from_
        if text.status_callback:
            fields["status_callback"] = with_overrides(text.status_callback)
        return fields

    def _pages(self, **filters: Any) -> Iterator[list[Any]]:
        page = self._asked(partial(self._client().messages.page, **filters))
        for _ in range(_MOST_PAGES):
            yield self._asked(partial(list, page))
            page = self._asked(page.next_page)
            if page is None:
                return
        raise CarrierUnreachable("the list does not end")

    def _asked(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except NoAnswer as silence:
            raise CarrierUnreachable(silence.reason) from None
        except TooMany:
            raise CarrierUnreachable("http 429") from None
        except _refusals() as refusal:
            raise CarrierUnreachable(f"code {said_by(refusal)[0]}") from None
        except _UNREADABLE:
            raise CarrierUnreachable("unreadable answer") from None

    def _client(self) -> Any:
        """This process's client. A forked child makes its own: two processes on one socket mix answers."""
        made = self._made
        if made is None or made[0] != os.getpid():
            with self._making:
                if self._made is None or self._made[0] != os.getpid():
                    self._made = (os.getpid(), self._make_client())
                made = self._made
        return made[1]

    def _make_client(self) -> Any:
        # Here and not above: the import costs 0.1 s and 30 MB, which a web process need not pay.
        from twilio.rest import Client

        # Both print query strings, and with them phone numbers: one at INFO, the other up to WARNING.
        logging.getLogger("twilio").setLevel(logging.WARNING)
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        username, password = self._credentials
        client = Client(
            username,
            password,
            self._account_sid,
            http_client=CarrierHttp(*self._timeouts),
            environment={"TWILIO_EDGE": ""},
        )
        if self._api_base:
            client.api.base_url = self._api_base
        return client


def with_overrides(url: str) -> str:
    """The callback address with our wishes for retries in its fragment, where it has none of its own."""
    return url if "#" in url else f"{url}#{CALLBACK_OVERRIDES}"


def _refusals() -> type[Exception]:
    from twilio.base.exceptions import TwilioException

    refusals: type[Exception] = TwilioException
    return refusals


def _can_be_written(text: OutboundText) -> bool:
    try:
        "".join((text.to, text.body, text.from_, text.status_callback)).encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text.body
