"""The wire to the carrier: pooled, with time limits, and able to say whether a request left the house."""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

_POOL_SIZE = 32
_LONGEST_PAUSE_SECONDS = 3600
_TOO_MANY, _FIRST_SERVER_ERROR = 429, 500


class NoAnswer(Exception):
    """The carrier gave no answer that settles anything; `reached` says whether it may have had the request."""

    def __init__(self, reason: str, *, reached: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reached = reached


class TooMany(Exception):
    """The carrier answered 429: it processed nothing and may name a pause."""

    def __init__(self, retry_after_seconds: int | None) -> None:
        super().__init__("429")
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the shape that the official client reads."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Answer({self.status_code})"


class _Trace(threading.local):
    written = False


_trace = _Trace()


class _HttpConnection(HTTPConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _trace.written = True
        super().send(data)


class _HttpsConnection(HTTPSConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _trace.written = True
        super().send(data)


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class CarrierHttp:
    """An HTTP client for the official library, in place of its own, which has no time limit, keeps the
    last request with its phone number and text, logs query strings and drops Retry-After.

    It knows no proxy variable and no ~/.netrc, follows no redirect and repeats nothing.
    """

    is_async = False

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._pools = urllib3.PoolManager(
            maxsize=_POOL_SIZE, ssl_context=ssl.create_default_context(cafile=certifi.where())
        )
        self._pools.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Answer:
        """One request, once. Raises NoAnswer (also for a 5xx, which settles nothing) and TooMany."""
        sent_headers = {**(headers or {}), **(urllib3.make_headers(basic_auth=":".join(auth)) if auth else {})}
        address = f"{url}?{urlencode(params, doseq=True)}" if params else url
        _trace.written = False
        try:
            response = self._pools.request(
                method,
                address,
                body=urlencode(data, doseq=True) if data else None,
                headers=sent_headers,
                timeout=self._timeout,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(type(error).__name__, reached=_trace.written) from None
        return _settling(response)

    def close(self) -> None:
        """Closes every pooled connection."""
        self._pools.clear()


def _settling(response: urllib3.BaseHTTPResponse) -> Answer:
    if response.status == _TOO_MANY:
        raise TooMany(pause_named(response.headers))
    if response.status >= _FIRST_SERVER_ERROR:
        raise NoAnswer(f"http {response.status}", reached=True)
    return Answer(response.status, response.data.decode("utf-8", "replace"), response.headers)


def pause_named(headers: Mapping[str, str]) -> int | None:
    """Seconds that Retry-After asks for, at most an hour, None where it says nothing readable.

    A date in it counts from the answer's own Date, so that no clock of ours is asked.
    """
    text = (headers.get("Retry-After") or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), _LONGEST_PAUSE_SECONDS)
    until, answered = _instant(text), _instant(headers.get("Date") or "")
    if until is None or answered is None or (until.tzinfo is None) != (answered.tzinfo is None):
        return None
    return max(0, min(round((until - answered).total_seconds()), _LONGEST_PAUSE_SECONDS))


def _instant(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
