"""A small HTTP server that can also do what servers should not: hang up, reset the line, never answer."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_MOST_BYTES = 1024 * 1024


class Ending(StrEnum):
    """How a request ends: answered, hung up on, reset, or left waiting."""

    ANSWER = "answer"
    HANG_UP = "hang_up"
    RESET = "reset"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: "Message[str, str]"
    body: bytes

    def asked(self, name: str) -> str | None:
        """A value of the query, None where it is not there."""
        return self.query.get(name, [None])[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back and how to end, `wait_seconds` from now."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = Ending.ANSWER
    wait_seconds: float = 0.0


Route = Callable[[Request], Answer]


def in_json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})


class CarrierServer:
    """Serves one route on 127.0.0.1, a thread for each kept connection."""

    def __init__(self, host: str, port: int, route: Route) -> None:
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._http = _Listener((host, port), _Conversation)
        self._http.owner, self._http.route = self, route
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="carrier-server")

    @property
    def address(self) -> str:
        """Where it listens."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Serves, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stops serving, ends every connection, and waits for their threads."""
        self._stopping.set()
        self._http.shutdown()
        with self._lock:
            for connection in self._connections:
                _end(connection)
        self._http.server_close()
        self._thread.join()

    def opened(self, connection: socket.socket) -> None:
        """Notes a connection, so that `stop` can end it."""
        with self._lock:
            self._connections.add(connection)
        if self._stopping.is_set():
            _end(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forgets a connection."""
        with self._lock:
            self._connections.discard(connection)

    def wait(self, seconds: float) -> None:
        """Leaves a caller waiting, until the time is over or the server stops."""
        self._stopping.wait(seconds)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Listener(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False
    owner: CarrierServer
    route: Route

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is no error of ours."""


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        self.server.owner.opened(self.connection)

    def finish(self) -> None:
        self.server.owner.closed(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: request lines hold phone numbers."""

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > _MOST_BYTES:
            self.close_connection = True
            self._send(in_json({"error": "body too large or of no known length"}, 413))
            return
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        request = Request(self.command, parts.path, query, self.headers, self.rfile.read(int(length)))
        self._send(self.server.route(request))

    do_GET = do_DELETE = do_PUT = do_POST

    def _send(self, answer: Answer) -> None:
        if answer.wait_seconds:
            self.server.owner.wait(answer.wait_seconds)
        if answer.ending is not Ending.ANSWER:
            self.close_connection = True
            if answer.ending is Ending.RESET:
                # Lingering for no time at all makes the close a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            return
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += [f"Content-Length: {len(answer.body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + answer.body)
