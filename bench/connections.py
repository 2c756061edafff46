"""Many kept-alive connections from one process that hardly costs the machine anything: bytes out, statuses in."""

import multiprocessing
import selectors
import socket
import time
from dataclasses import dataclass, field

SECONDS = 120


@dataclass(slots=True)
class _Line:
    """One connection, what it has still to send, and what came back of the answer that it waits for."""

    socket: socket.socket
    waiting: list[bytes]
    started: float = 0.0
    got: bytearray = field(default_factory=bytearray)

    def send(self) -> bool:
        """Send the next request; False where none is left."""
        if not self.waiting:
            return False
        self.got.clear()
        self.started = time.perf_counter()
        self.socket.sendall(self.waiting.pop())
        return True

    def is_answered(self) -> bool:
        """Whether the whole answer is there, after another look. Raises SystemExit for a refusal."""
        more = self.socket.recv(65536)
        if not more:
            raise SystemExit("the server closed the connection")
        self.got += more
        head, end, body = bytes(self.got).partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith((b"HTTP/1.1 20", b"HTTP/1.0 20")):
            raise SystemExit(f"the server answered {bytes(self.got[:400])!r}")
        headers = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        if b"content-length" in headers:
            return len(body) >= int(headers[b"content-length"])
        return body.endswith(b"\r\n0\r\n\r\n")


def load(port: int, requests: list[bytes], connections: int) -> list[float]:
    """Send every request from a process of its own; the seconds that each took, in no order."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_load, (port, requests, connections))


def _load(port: int, requests: list[bytes], connections: int) -> list[float]:
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        for place in range(connections):
            line = _Line(socket.create_connection(("127.0.0.1", port)), requests[place::connections])
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if line.send():
                selector.register(line.socket, selectors.EVENT_READ, line)
        while selector.get_map():
            ready = selector.select(SECONDS)
            if not ready:
                raise SystemExit("the server does not answer")
            for key, _ in ready:
                line = key.data
                if line.is_answered():
                    times.append(time.perf_counter() - line.started)
                    if not line.send():
                        selector.unregister(line.socket)
                        line.socket.close()
    return times
