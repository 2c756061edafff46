"""The carrier's side of the web hooks in a simulated year: signed forms, through the application itself."""

import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask

from recovery_api.simulator.carrier_callbacks import Webhooks
from recovery_api.simulator.carrier_messages import API_VERSION
from recovery_api.simulator.carrier_timetable import Timetable
from recovery_api.simulator.year_carrier import Taken

_ACTION = re.compile('<Gather[^>]* action="([^"]+)"')


# A web hook that cannot be answered for the moment, as when this machine slept, is posted again after some seconds.
_TRIES, _REST = 10, 1.5


class HookFailed(Exception):
    """The application did not answer a web hook with 200."""


class YearHooks:
    """Posts forms as the carrier does, one after the other."""

    def __init__(self, app: Flask, public_url: str, account_sid: str, auth_token: str) -> None:
        self._app, self._site, self._account = app, public_url, account_sid
        site = urlsplit(public_url)
        self._environ = {
            "SERVER_NAME": site.hostname, "SERVER_PORT": str(site.port or 80), "HTTP_HOST": site.netloc,
            "wsgi.url_scheme": site.scheme,
        }  # fmt: skip
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
        parts, body = urlsplit(address), urlencode(fields).encode()
        signature = self._carrier.signed(address, fields)["X-Twilio-Signature"]
        for _ in range(_TRIES):
            said, content = self._ask(_request(parts.path, parts.query, body, signature))
            if not said.startswith("503"):
                break
            time.sleep(_REST)
        if not said.startswith("200"):
            raise HookFailed(f"{parts.path} answered {said}")
        return content

    def _ask(self, request: Mapping[str, Any]) -> tuple[str, str]:
        """The status and the content of the application's answer."""
        said: list[str] = []

        def start(status: str, headers: object, trouble: object = None, /) -> Callable[[bytes], object]:
            said.append(status)
            return bytes

        answer = self._app.wsgi_app({**self._environ, **request}, start)
        return said[0], b"".join(answer).decode()


def _request(path: str, query: str, body: bytes, signature: str) -> dict[str, Any]:
    """One signed request, as a server hands it to the application."""
    return {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded; charset=UTF-8", "HTTP_X_TWILIO_SIGNATURE": signature,
        "wsgi.version": (1, 0), "wsgi.input": BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": False,
        "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip


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
