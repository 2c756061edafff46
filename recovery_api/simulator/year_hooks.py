"""The carrier's side of the web hooks in a simulated year: signed forms, through the application itself."""

import re
import secrets
from collections.abc import Mapping
from html import unescape
from urllib.parse import urlencode, urlsplit

from flask import Flask

from recovery_api.simulator.carrier_callbacks import Webhooks
from recovery_api.simulator.carrier_messages import API_VERSION
from recovery_api.simulator.carrier_timetable import Timetable
from recovery_api.simulator.year_carrier import Taken

_ACTION = re.compile('<Gather[^>]* action="([^"]+)"')


class HookFailed(Exception):
    """The application did not answer a web hook with 200."""


class YearHooks:
    """Posts forms as the carrier does, one after the other."""

    def __init__(self, app: Flask, public_url: str, account_sid: str, auth_token: str) -> None:
        self._client = app.test_client(use_cookies=False)
        self._site, self._account = public_url, account_sid
        self._carrier = Webhooks(auth_token, Timetable(0))

    def inbound(self, phone: str, number: str, body: str, sid: str) -> None:
        """A text arrives."""
        self._post(
            f"{self._site}/webhooks/twilio/inbound",
            {
                "MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": self._account, "From": phone,
                "To": number, "Body": body, "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received",
                "ApiVersion": API_VERSION,
            },
        )  # fmt: skip

    def status(self, taken: Taken, status: str, code: int | None = None) -> None:
        """News of a text of ours."""
        fields = {
            "MessageSid": taken.sid, "SmsSid": taken.sid, "AccountSid": self._account, "From": taken.text.from_,
            "To": taken.text.to, "MessageStatus": status, "SmsStatus": status, "ApiVersion": API_VERSION,
        }  # fmt: skip
        if code is not None:
            fields["ErrorCode"] = str(code)
        self._post(taken.text.status_callback.partition("#")[0], {name: said for name, said in fields.items() if said})

    def call(self, sid: str, url: str, status_url: str, to: str, from_: str, keys: "Keys") -> None:
        """A call that is picked up by a person, who presses `keys` until it ends."""
        fields = {
            "CallSid": sid, "AccountSid": self._account, "From": from_, "To": to, "CallStatus": "in-progress",
            "Direction": "outbound-api", "ApiVersion": API_VERSION,
        }  # fmt: skip
        said = self._post(url.partition("#")[0], {**fields, "AnsweredBy": "human"})
        for _ in range(30):
            action = _ACTION.search(said)
            if action is None:
                break
            pressed = {**fields, "Digits": keys.press(unescape(said))}
            said = self._post(unescape(action[1]).partition("#")[0], pressed)
        self._post(status_url.partition("#")[0], {**fields, "CallStatus": "completed", "CallDuration": "40"})

    def missed(self, sid: str, status_url: str, to: str, from_: str) -> None:
        """A call that nobody takes."""
        fields = {
            "CallSid": sid, "AccountSid": self._account, "From": from_, "To": to, "CallStatus": "no-answer",
            "Direction": "outbound-api", "ApiVersion": API_VERSION,
        }  # fmt: skip
        self._post(status_url.partition("#")[0], fields)

    def _post(self, address: str, fields: Mapping[str, str]) -> str:
        parts = urlsplit(address)
        answer = self._client.post(
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            data=urlencode(fields),
            content_type="application/x-www-form-urlencoded; charset=UTF-8",
            headers={"X-Twilio-Signature": self._carrier.signed(address, fields)["X-Twilio-Signature"]},
        )
        if answer.status_code != 200:
            raise HookFailed(f"{parts.path} answered {answer.status_code}")
        return answer.get_data(as_text=True)


class Keys:
    """What somebody on a landline presses, by what they hear."""

    def __init__(self, pain: int) -> None:
        self._pain = pain

    def press(self, heard: str) -> str:
        """The digits for the question that was just read out."""
        question = heard[heard.find("<Gather") :]
        if "0 to 10" in question or "0 a 10" in question:
            return str(self._pain)
        return "2" if "1 for yes" in question or "1 para sí" in question else "1"


def text_sid() -> str:
    """A fresh id of a text."""
    return f"SM{secrets.token_hex(16)}"
