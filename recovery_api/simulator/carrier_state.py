"""What the carrier knows: its texts, who opted out, which service a number belongs to, and its counts."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from recovery_api.simulator.carrier_log import CarrierLog
from recovery_api.simulator.carrier_messages import CarrierMessage, MessageStore
from recovery_api.simulator.carrier_optouts import OptOuts
from recovery_api.simulator.carrier_requests import CarrierError, NewText

_DEFAULT_SENDER = "+15005550006"


class CarrierState:
    """One account. It lives in its own process, so that the application may come and go."""

    def __init__(self, account_sid: str, real_now: Callable[[], datetime], shown_now: Callable[[], datetime]) -> None:
        self.account_sid = account_sid
        self.messages = MessageStore()
        self.opt_outs = OptOuts()
        self.log = CarrierLog()
        self.real_now = real_now
        self._shown_now = shown_now
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._sends: Counter[tuple[str, str]] = Counter()
        self._service_of: dict[str, str] = {}
        self._sender_of: dict[str, str] = {}

    def create(self, text: NewText) -> CarrierMessage:
        """Takes a text to send. Raises CarrierError 21610 where its recipient opted out."""
        sender = self._sender(text)
        if self.opt_outs.blocks(text.to, sender):
            raise CarrierError(21610, "Attempt to send to unsubscribed recipient")
        status = "scheduled" if text.send_at else ("accepted" if text.service_sid else "queued")
        with self._lock:
            self._counts["creates"] += 1
            self._sends[text.to, text.body] += 1
        return self._keep(
            "outbound-api", sender, text.to, text.body, status, text.media,
            service_sid=text.service_sid, callback=text.callback,
        )  # fmt: skip

    def receive(self, phone: str, number: str, body: str, media: int = 0, ago: float = 0.0) -> CarrierMessage:
        """Takes a text from a phone to a number of ours, dated back by `ago` seconds."""
        with self._lock:
            self._counts["inbound"] += 1
        service_sid = self._service_of.get(number)
        return self._keep(
            "inbound", phone, number, body, "received", media, service_sid=service_sid, sent=True, ago=ago
        )

    def reply(self, to: CarrierMessage, body: str) -> CarrierMessage:
        """The carrier's own answer to a keyword."""
        return self._keep("outbound-reply", to.to, to.from_, body, "delivered", service_sid=to.service_sid, sent=True)

    def move(self, sid: str, status: str, error_code: int | None = None) -> CarrierMessage | None:
        """Gives a text its next status; None where it was deleted or canceled meanwhile."""
        message = self._change(sid, status, error_code)
        if message is not None:
            message.sent_at = message.sent_at or message.updated_at
        return message

    def expire(self, sid: str, error_code: int) -> CarrierMessage | None:
        """Ends a text that never left the queue, and so has no date of sending; None as for `move`."""
        return self._change(sid, "failed", error_code)

    def _change(self, sid: str, status: str, error_code: int | None) -> CarrierMessage | None:
        message = self.messages.get(sid)
        if message is None or message.status == "canceled":
            return None
        message.status, message.error_code, message.updated_at = status, error_code, self.real_now()
        return message

    def number_last_texting(self, phone: str) -> str:
        """The number of ours that texted a phone last, which is the one it answers."""
        thread = self.messages.thread(phone, limit=1)
        if not thread:
            return _DEFAULT_SENDER
        return thread[0].to if thread[0].direction == "inbound" else thread[0].from_

    def count(self, what: str) -> None:
        """Adds one to a count."""
        with self._lock:
            self._counts[what] += 1

    def statistics(self, phone: str | None = None) -> dict[str, Any]:
        """Counts of what was asked and taken, and of every (phone, body), for all phones or one."""
        with self._lock:
            counts = {name: self._counts[name] for name in ("requests", "creates", "refused", "inbound", "withheld")}
            sends = [(to, body, count) for (to, body), count in self._sends.items() if phone in (None, to)]
        by_phone: Counter[str] = Counter()
        for to, _, count in sends:
            by_phone[to] += count
        return {
            **counts,
            "by_phone": dict(by_phone),
            "sends": [{"to": to, "body": body, "count": count} for to, body, count in sends],
            "repeats": [{"to": to, "body": body, "count": count} for to, body, count in sends if count > 1],
        }

    def clear(self) -> None:
        """Forgets everything."""
        self.messages.clear()
        self.opt_outs.clear()
        self.log.clear()
        with self._lock:
            self._counts.clear()
            self._sends.clear()
            self._service_of.clear()
            self._sender_of.clear()

    def _sender(self, text: NewText) -> str:
        """The number a text goes out from; a service keeps to the one it used last."""
        if text.service_sid is None:
            return text.from_ or _DEFAULT_SENDER
        with self._lock:
            sender = text.from_ or self._sender_of.get(text.service_sid, _DEFAULT_SENDER)
            self._sender_of[text.service_sid] = sender
            self._service_of[sender] = text.service_sid
        return sender

    def _keep(
        self,
        direction: str,
        from_: str,
        to: str,
        body: str,
        status: str,
        media: int = 0,
        *,
        service_sid: str | None = None,
        callback: str | None = None,
        sent: bool = False,
        ago: float = 0.0,
    ) -> CarrierMessage:
        back = timedelta(seconds=ago)
        now = self.real_now() - back
        # Never seeded: ids must stay unique when the carrier starts again over an old database.
        sid = ("MM" if media else "SM") + secrets.token_hex(16)
        message = CarrierMessage(sid, direction, from_, to, body, status, now, now, self._shown_now() - back)
        message.sent_at = now if sent else None
        message.service_sid, message.callback, message.media = service_sid, callback, media
        return self.messages.add(message)
