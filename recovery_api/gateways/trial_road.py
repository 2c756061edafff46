"""How the words of a trial reach us: through the simulated carrier, or as a signed web hook to our own address."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Container, Iterator
from datetime import datetime
from typing import Protocol

import requests

from recovery_api.domain.trial import PHONES, SID_PREFIX
from recovery_api.gateways.sms import Accepted, Delivery, InboundText, OutboundText, SendOutcome, SentText, SmsGateway

SECONDS = 5


class RoadClosed(Exception):
    """The words did not reach us; the message is a word about why."""


class TrialRoad(Protocol):
    """The way of a text from a phone of the trial to one of our numbers."""

    def text(self, phone: str, number: str, body: str) -> None:
        """Let `phone` text `number`. Raises RoadClosed."""
        ...


class SimulatedRoad:
    """Demo and tests: the simulated carrier's own phones, so that the carrier is part of the trial."""

    def __init__(self, api_base: str) -> None:
        self._address = f"{api_base}/simulator/inbound"

    def text(self, phone: str, number: str, body: str) -> None:
        """The simulated handset texts us."""
        try:
            answer = requests.post(
                self._address, json={"from": phone, "to": number, "body": body}, timeout=SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise RoadClosed(type(error).__name__) from None
        if not answer.ok:
            raise RoadClosed(f"answer_{answer.status_code}")


class SignedRoad:
    """Production: our own web hook at PUBLIC_URL, signed with our own token: name, TLS, proxy, web and database."""

    def __init__(self, public_url: str, account_sid: str, token: str) -> None:
        self._url = f"{public_url}/webhooks/twilio/inbound"
        self._account_sid, self._token = account_sid, token

    def __repr__(self) -> str:
        return "SignedRoad(…)"

    def text(self, phone: str, number: str, body: str) -> None:
        """Post the text as the carrier would."""
        sid = f"{SID_PREFIX}{secrets.token_hex(8)}"
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": self._account_sid,
            "From": phone,
            "To": number,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        }
        signed = self._url + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.digest(self._token.encode(), signed.encode(), hashlib.sha1)).decode()
        try:
            answer = requests.post(
                self._url, data=form, headers={"X-Twilio-Signature": signature}, timeout=SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise RoadClosed(type(error).__name__) from None
        if answer.status_code != requests.codes.ok:
            raise RoadClosed(f"answer_{answer.status_code}")


class SinkForTrials:
    """A carrier that takes the texts to the trial's own phones itself: they ring nowhere and cost nothing."""

    def __init__(self, carrier: SmsGateway) -> None:
        self._carrier = carrier

    def __repr__(self) -> str:
        return "SinkForTrials(…)"

    def send(self, text: OutboundText) -> SendOutcome:
        """Offers one text; see SmsGateway."""
        if text.to in PHONES:
            return Accepted(f"{SID_PREFIX}{secrets.token_hex(8)}", "accepted")
        return self._carrier.send(text)

    def find(
        self, to: str, body: str, since: datetime, taken: Container[str] = frozenset(), until: datetime | None = None
    ) -> str | None:
        """The id of a text that was taken; see SmsGateway."""
        return None if to in PHONES else self._carrier.find(to, body, since, taken, until)

    def list_inbound(self, to: str, since: datetime) -> Iterator[InboundText]:
        """What arrived at the carrier; see SmsGateway."""
        return self._carrier.list_inbound(to, since)

    def list_outbound(self, from_: str, since: datetime, until: datetime) -> Iterator[SentText]:
        """What the carrier sent; see SmsGateway."""
        return self._carrier.list_outbound(from_, since, until)

    def delivery_of(self, sid: str) -> Delivery | None:
        """The record of a text; see SmsGateway."""
        return Delivery("delivered", None) if sid.startswith(SID_PREFIX) else self._carrier.delivery_of(sid)
