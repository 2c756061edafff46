"""The life of a text after the carrier took it: its statuses, its callbacks, and what phones send back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from recovery_api.simulator.carrier_callbacks import Webhooks
from recovery_api.simulator.carrier_faults import DELIVERY, QUEUE, Fault, FaultBoard
from recovery_api.simulator.carrier_held import HeldHooks
from recovery_api.simulator.carrier_messages import API_VERSION, CarrierMessage
from recovery_api.simulator.carrier_optouts import CANNED_REPLIES, opt_out_type
from recovery_api.simulator.carrier_requests import LONGEST_VALIDITY
from recovery_api.simulator.carrier_state import CarrierState
from recovery_api.simulator.carrier_timetable import Timetable

EXPIRED = 30036
_CANCELABLE = ("scheduled", "accepted", "queued")
_INBOUND_HOOK = "/webhooks/twilio/inbound#rc=3&rp=all&ct=3000&rt=5000"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds from taking a text to handing it over, and from there to the receipt."""

    sent: float = 0.05
    delivered: float = 0.1


class Delivery:
    """Moves texts along and tells the application about it."""

    def __init__(
        self,
        state: CarrierState,
        faults: FaultBoard,
        timetable: Timetable,
        webhooks: Webhooks,
        app_url: str,
        pace: Pace,
        canned_replies: bool,
    ) -> None:
        self._state = state
        self._faults = faults
        self._timetable = timetable
        self._webhooks = webhooks
        self._held = HeldHooks(timetable)
        self._inbound_url = inbound_address(app_url)
        self._pace = pace
        self._canned_replies = canned_replies

    def begin(self, message: CarrierMessage, send_at: datetime | None, validity: float = LONGEST_VALIDITY) -> None:
        """Starts a text on its way, now or when it is scheduled for; `validity` is the most seconds that it waits."""
        self._note(message, "taken", body=message.body, status=message.status)
        wait = (send_at - self._state.real_now()).total_seconds() if send_at else 0.0
        stall = self._faults.strike(QUEUE, message.to, "create", str(message.nth))
        queued = self._pace.sent + (stall.seconds if stall else 0.0)
        leaves = self._sent if queued <= validity else self._expired
        self._timetable.after(wait + min(queued, validity), partial(leaves, message.sid))

    def cancel(self, message: CarrierMessage) -> bool:
        """Stops a text that has not left yet; False where it is too late."""
        if message.status not in _CANCELABLE:
            return False
        message.status, message.updated_at = "canceled", self._state.real_now()
        self._call_back(message, "canceled", None)
        return True

    def receive(
        self, phone: str, number: str, body: str, media: int = 0, ago: float = 0.0
    ) -> tuple[CarrierMessage, str | None]:
        """Takes a text from a phone, dated back by `ago` seconds; heeds its keyword, and tells the application."""
        keyword = opt_out_type(body)
        message = self._state.receive(phone, number, body, media, ago)
        self._note(message, "text", body=body, opt_out_type=keyword)
        self._state.opt_outs.hear(phone, number, keyword)
        if keyword and self._canned_replies:
            self._state.reply(message, CANNED_REPLIES[keyword])
        if self._inbound_url:
            fields = _inbound_fields(message, self._state.account_sid, keyword)
            self._tell(self._inbound_url, fields, message, "inbound")
        return message, keyword

    def _sent(self, sid: str) -> None:
        message = self._state.move(sid, "sent")
        if message is not None:
            self._call_back(message, "sent", None)
            self._timetable.after(self._pace.delivered, partial(self._ended, sid))

    def _expired(self, sid: str) -> None:
        """It never left the queue: the time that its sender gave it is over."""
        message = self._state.expire(sid, EXPIRED)
        if message is not None:
            self._call_back(message, "failed", EXPIRED)

    def _ended(self, sid: str) -> None:
        message = self._state.messages.get(sid)
        if message is None:
            return
        trouble = self._faults.strike(DELIVERY, message.to, "all", str(message.nth))
        status, code = ("undelivered", trouble.code) if trouble else ("delivered", None)
        if self._state.move(sid, status, code) is not None:
            self._call_back(message, status, code)

    def _call_back(self, message: CarrierMessage, status: str, code: int | None) -> None:
        self._note(message, "status", status=status, error_code=code)
        if message.callback:
            fields = _status_fields(message, self._state.account_sid, status, code)
            self._tell(message.callback, fields, message, "status")

    def _tell(self, address: str, fields: Mapping[str, str], message: CarrierMessage, on: str) -> None:
        """Posts a web hook, or does with it what the faults in force make of it."""
        of = f"{message.nth} {fields['SmsStatus']}"
        if self._strike("no_webhooks", message, on, of):
            self._state.count("withheld")
            self._note(message, "hook", on=on, withheld=True)
            return
        late, twice = self._strike("late", message, on, of), self._strike("deliver_twice", message, on, of)
        seconds, copies = late.seconds if late else 0.0, 2 if twice else 1
        waits = self._strike("reorder", message, on, of)
        self._note(message, "hook", on=on, seconds=seconds, copies=copies, reordered=waits is not None)
        post = partial(self._webhooks.post, address, fields, seconds, copies)
        if waits:
            self._held.hold((message.phone, on), post, waits.seconds)
        else:
            post()
            self._held.release((message.phone, on))

    def _strike(self, kind: str, message: CarrierMessage, on: str, of: str) -> Fault | None:
        return self._faults.strike({kind}, message.phone, on, of)

    def _note(self, message: CarrierMessage, what: str, **facts: object) -> None:
        self._state.log.note(message.phone, message.way, message.nth, what, **facts)


def inbound_address(app_url: str) -> str:
    """Where texts from phones are posted: the address itself, or our hook on it where it has no path."""
    if not app_url or urlsplit(app_url).path.strip("/"):
        return app_url
    return app_url.rstrip("/") + _INBOUND_HOOK


def _inbound_fields(message: CarrierMessage, account_sid: str, keyword: str | None) -> dict[str, str]:
    fields = {
        "ToCountry": "US",
        "ToState": "",
        "ToCity": "",
        "ToZip": "",
        "FromCountry": "US",
        "FromState": "",
        "FromCity": "",
        "FromZip": "",
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageSid": message.sid,
        "AccountSid": account_sid,
        "SmsStatus": "received",
        "Body": message.body,
        "From": message.from_,
        "To": message.to,
        "NumMedia": str(message.media),
        "NumSegments": "1",
        "ApiVersion": API_VERSION,
    }
    for n in range(message.media):
        fields[f"MediaContentType{n}"] = "image/jpeg"
        fields[f"MediaUrl{n}"] = f"https://api.twilio.com/{API_VERSION}/Accounts/{account_sid}/Media/{n}"
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if keyword:
        fields["OptOutType"] = keyword
    return fields


def _status_fields(message: CarrierMessage, account_sid: str, status: str, code: int | None) -> dict[str, str]:
    fields = {
        "SmsSid": message.sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message.to,
        "MessageSid": message.sid,
        "AccountSid": account_sid,
        "From": message.from_,
        "ApiVersion": API_VERSION,
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if code is not None:
        fields["ErrorCode"] = str(code)
    return fields
