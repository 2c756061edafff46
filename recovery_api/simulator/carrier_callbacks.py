"""Web hooks as Twilio makes them: signed, with the retries that the address asks for in its fragment."""

import contextlib
import http.client
import itertools
import select
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from recovery_api.clock import monotonic
from recovery_api.simulator.carrier_timetable import Timetable

_LONGEST_SECONDS = 15.0
_FIRST_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the fragment of a web hook's address asks for; the defaults are Twilio's."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    def again(self, failure: str) -> bool:
        """Whether a failure (ct, rt, 4xx or 5xx) is one to try again after."""
        return bool(self.retry_on & {failure, "all"})


@dataclass(frozen=True, slots=True)
class Hook:
    """One call to make: where, with what, and for how many tries it has been going on."""

    url: str
    fields: Mapping[str, str]
    overrides: Overrides
    token: str
    began: float
    tries: int = 0


def overrides_in(fragment: str) -> Overrides:
    """The overrides of an address; Twilio logs 11243 for a bad one and goes by its defaults."""
    said = dict(parse_qsl(fragment))
    usual = Overrides()
    return Overrides(
        connect_seconds=_within(said.get("ct"), 100, 10_000, usual.connect_seconds * 1000) / 1000,
        read_seconds=_within(said.get("rt"), 100, 15_000, usual.read_seconds * 1000) / 1000,
        retries=int(_within(said.get("rc"), 0, 5, usual.retries)),
        retry_on=frozenset(said["rp"].split(",")) if "rp" in said else usual.retry_on,
    )


def _within(text: str | None, least: int, most: int, usual: float) -> float:
    if text is None or not (text.isascii() and text.isdigit()):
        return usual
    return max(least, min(int(text), most))


class Webhooks:
    """Posts hooks from the timetable's threads, each over a connection of its own that it keeps."""

    def __init__(self, auth_token: str, timetable: Timetable, connect_to: str = "") -> None:
        self._sign: Callable[[str, Mapping[str, str]], str] = RequestValidator(auth_token).compute_signature
        self._timetable = timetable
        self._connect_to = connect_to
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._outstanding: set[int] = set()
        self._counts: Counter[str] = Counter()
        self._own = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def post(self, address: str, fields: Mapping[str, str], seconds: float = 0.0, copies: int = 1) -> None:
        """Posts a form to an address, some seconds from now; copies carry the same token, as retries do."""
        url, _, fragment = address.partition("#")
        hook = Hook(url, fields, overrides_in(fragment), str(uuid.uuid4()), monotonic() + seconds)
        for _ in range(copies):
            number = next(self._numbers)
            with self._lock:
                self._outstanding.add(number)
            self._timetable.after(seconds, partial(self._try, number, hook))

    def signed(self, url: str, fields: Mapping[str, str]) -> dict[str, str]:
        """The headers of a form that somebody else posts, and waits for the answer to."""
        return self._headers(Hook(url, fields, Overrides(), str(uuid.uuid4()), 0.0), urlsplit(url))

    def place_of(self, url: str) -> tuple[bool, str]:
        """Where an address is reached: whether over TLS, and the host with its port."""
        parts = urlsplit(url)
        secure = parts.scheme == "https" and not self._connect_to
        return secure, self._connect_to or parts.netloc.rpartition("@")[2]

    def counts(self) -> dict[str, int]:
        """How many hooks are outstanding, were answered, failed for good; and the tries it took."""
        with self._lock:
            return {
                "outstanding": len(self._outstanding),
                **{name: self._counts[name] for name in ("answered", "failed", "tries")},
            }

    def clear(self) -> None:
        """Forgets what is outstanding and what was counted."""
        with self._lock:
            self._outstanding.clear()
            self._counts.clear()

    def interrupt(self) -> None:
        """Ends calls under way, so that nobody waits for a hook that never answers."""
        with self._lock:
            open_sockets = [connection.sock for connection in self._connections if connection.sock is not None]
        for open_socket in open_sockets:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the kept connections; call it once no thread posts any more."""
        for connection in self._connections:
            connection.close()

    def _try(self, number: int, hook: Hook) -> None:
        if number not in self._outstanding:
            return
        failure = self._call(hook)
        pause = _FIRST_PAUSE_SECONDS * 2**hook.tries
        in_time = monotonic() - hook.began + pause < _LONGEST_SECONDS
        again = failure is not None and hook.tries < hook.overrides.retries and hook.overrides.again(failure)
        with self._lock:
            self._counts["tries"] += 1
            if not (again and in_time):
                self._counts["failed" if failure else "answered"] += 1
                self._outstanding.discard(number)
                return
        later = Hook(hook.url, hook.fields, hook.overrides, hook.token, hook.began, hook.tries + 1)
        self._timetable.after(pause, partial(self._try, number, later))

    def _call(self, hook: Hook) -> str | None:
        """One try: None where it was answered with a 2xx, else the kind of failure."""
        parts = urlsplit(hook.url)
        connection = self._connection(parts, hook.overrides)
        try:
            if not _usable(connection):
                connection.close()
                connection.timeout = hook.overrides.connect_seconds
                connection.connect()
        except OSError:
            return "ct"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.sock.settimeout(hook.overrides.read_seconds)
            connection.request("POST", target, urlencode(hook.fields), self._headers(hook, parts))
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return "rt"
        return None if 200 <= answer.status < 300 else f"{answer.status // 100}xx"

    def _headers(self, hook: Hook, parts: SplitResult) -> dict[str, str]:
        return {
            "Host": parts.netloc.rpartition("@")[2],
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "X-Twilio-Signature": self._sign(hook.url, hook.fields),
            "I-Twilio-Idempotency-Token": hook.token,
        }

    def _connection(self, parts: SplitResult, overrides: Overrides) -> http.client.HTTPConnection:
        """This thread's connection to a place, made but perhaps not yet open."""
        kept: dict[tuple[str, str], http.client.HTTPConnection] = self._own.__dict__.setdefault("kept", {})
        secure = parts.scheme == "https" and not self._connect_to
        place = ("https" if secure else "http", self._connect_to or parts.netloc.rpartition("@")[2])
        if place not in kept:
            made = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            kept[place] = made(place[1], timeout=overrides.connect_seconds)
            with self._lock:
                self._connections.append(kept[place])
        return kept[place]


def _usable(connection: http.client.HTTPConnection) -> bool:
    """Whether it is open and the other side has not closed it meanwhile."""
    if connection.sock is None:
        return False
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return not waiting.poll(0)
