"""A push service behind a real socket, which checks what RFC 8030 and RFC 8292 ask of those who push."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey


@dataclass
class PushService:
    """What came in, and what is answered for each path; everything else is taken."""

    url: str
    taken: list[dict[str, str]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    def subscription(self, name: str) -> str:
        """What a browser hands to our page."""
        keys = {"p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA", "auth": "tBHItJI5svbpez7KI4CCXg"}
        return json.dumps({"endpoint": f"{self.url}/push/{name}", "expirationTime": None, "keys": keys})


@contextmanager
def push_service() -> Iterator[PushService]:
    """A service that listens until the end."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            service.taken.append({"path": self.path, "body": body.decode(), **self.headers})
            name = self.path.rpartition("/")[2]
            self.send_response(service.answers.get(name, 201 if _is_signed(self.headers, service.url) else 403))
            self.send_header("Location", f"{service.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    service = PushService(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _is_signed(headers: object, url: str) -> bool:
    """Whether the header is a VAPID one that names this very service, signed with the key that it carries."""
    scheme, _, parts = str(headers.get("Authorization")).partition(" ")  # type: ignore[attr-defined]
    given = dict(part.strip().split("=", 1) for part in parts.split(","))
    point = base64.urlsafe_b64decode(given["k"] + "=" * (-len(given["k"]) % 4))
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    claims = jwt.decode(given["t"], key, algorithms=["ES256"], audience=url, options={"require": ["exp", "sub"]})
    return scheme == "vapid" and str(claims["sub"]).startswith(("https://", "mailto:"))
