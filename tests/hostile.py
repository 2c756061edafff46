"""Bodies that nobody sends in good faith, for every kind of door; each of them must be refused, and quickly."""

import gzip
import http.client
import re
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pyotp

from tests.deployment import Deployment, inbound_form, signed

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
BIG = 10_000_000
JSON_BODIES = {
    "10^5 brackets": b"[" * 100_000,
    "20,000 brackets": b"[" * 20_000,
    "deep objects": b'{"a":' * 6_000,
    "NUL": b'{"pain": 5, "note": "a\\u0000b"}',
    "a lone surrogate": b'{"pain": 5, "note": "\\ud800"}',
    "a key twice": b'{"pain": 5, "pain": 6}',
    "2,500 keys": b"{" + b",".join(b'"%d":0' % n for n in range(2_500)) + b"}",
    "10,000 items": b'{"items": [' + b",".join([b"{}"] * 10_000) + b"]}",
    "a number of 30,000 digits": b'{"pain": ' + b"9" * 30_000 + b"}",
    "a number beyond all": b'{"pain": 1e999}',
    "NaN": b'{"pain": NaN}',
    "not UTF-8": b"\xff\xfe{}",
    "10 MB": b'{"note": "' + b"x" * BIG + b'"}',
}
MORE_FIELDS = {
    "NUL": b"&more=%00",
    "NUL in a name": b"&mo%00re=1",
    "a lone surrogate": b"&more=%ED%A0%80",
    "not UTF-8": b"&more=%FF%FE",
    "raw bytes": b"&more=\xff\x00\xfe",
    "200 fields": b"".join(b"&more%d=1" % n for n in range(200)),
    "20,000 empty fields": b"&a" * 20_000,
    "10^5 fields": b"&a=1" * 100_000,
    "10 MB": b"&more=" + b"x" * BIG,
}


@dataclass(frozen=True)
class Door:
    """An address that takes a body: `good` and `headers` are what a caller in good standing sends."""

    name: str
    path: str
    good: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Hostile:
    """One body for one door; `chunked` is sent without a length."""

    door: Door
    name: str
    body: bytes
    headers: dict[str, str]
    chunked: bool = False


@dataclass(frozen=True)
class Refusal:
    """What came back, and after how many milliseconds."""

    status: int
    milliseconds: float


def doors(deployment: Deployment) -> list[Door]:
    """Both web hooks, the API with and without a token, and the forms of the clinicians."""
    clinic, site = deployment.seeded["clinics"][0], deployment.env["PUBLIC_URL"]
    text = inbound_form(clinic["patients"][2]["phone"], clinic["number"], "4")
    news = {"MessageSid": "SM" + "1" * 32, "AccountSid": text["AccountSid"], "MessageStatus": "sent"}
    hooks = [
        Door(name, path, *signed(f"{site}{path}", form))
        for name, path, form in (
            ("text", "/webhooks/twilio/inbound", text),
            ("news", f"/webhooks/twilio/status?m={'0' * 64}", news),
        )
    ]
    bearer = {"Content-Type": JSON, "Authorization": f"Bearer {clinic['patients'][2]['access_token']}"}
    api = [
        Door("check-in", "/api/v1/me/check-ins", b'{"pain": 5}', bearer),
        Door("batch", "/api/v1/me/check-ins:batch", b'{"items": []}', bearer),
        Door("token", "/api/v1/staff/token", b'{"email": "a@b.example"}', {"Content-Type": JSON}),
    ]
    return [*hooks, *api, *_forms(deployment)]


def _forms(deployment: Deployment) -> list[Door]:
    nurse = next(one for one in deployment.seeded["clinics"][0]["staff"] if one["role"] == "nurse")
    cookie, form_token = _open_sign_in(deployment)
    given = {"email": nurse["email"], "password": nurse["password"], "totp": pyotp.TOTP(nurse["totp_secret"]).now()}
    sign_in = Door("sign-in", "/sign-in", urlencode({"csrf": form_token, **given}).encode(), _as_form(cookie))
    _, session = ask(deployment.port, Hostile(sign_in, "", sign_in.good, sign_in.headers))
    assert session.startswith("session=")
    resolve = "/flags/00000000-0000-0000-0000-000000000000/resolve"
    return [sign_in, Door("resolve", resolve, b"csrf=x&outcome=reached&note=n", _as_form(session))]


def _open_sign_in(deployment: Deployment) -> tuple[str, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=15)) as connection:
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        token = re.search(rb'name="csrf" value="([0-9a-f]+)"', answer.read())
    assert token is not None
    return str(answer.getheader("Set-Cookie", "")).partition(";")[0], token[1].decode()


def _as_form(cookie: str) -> dict[str, str]:
    return {"Content-Type": FORM, "Cookie": cookie}


def hostile_bodies(door: Door) -> Iterator[Hostile]:
    """Everything that is sent to one door."""
    kind = door.headers["Content-Type"]
    if kind == JSON:
        yield from (Hostile(door, name, body, door.headers) for name, body in JSON_BODIES.items())
    else:
        yield from (Hostile(door, name, door.good + more, door.headers) for name, more in MORE_FIELDS.items())
        yield Hostile(door, "every field twice", door.good + b"&" + door.good, door.headers)
    packed = door.headers | {"Content-Encoding": "gzip"}
    yield Hostile(door, "gzip", gzip.compress(door.good), packed)
    yield Hostile(door, "a bomb of gzip", _bomb(), packed)
    yield Hostile(door, "10 MB without a length", b"x=" + b"x" * BIG, door.headers, chunked=True)
    yield Hostile(door, "another charset", door.good, door.headers | {"Content-Type": f"{kind}; charset=utf-16"})
    for parts in (3, 1_000):
        multipart = door.headers | {"Content-Type": "multipart/form-data; boundary=b"}
        yield Hostile(door, f"multipart, {parts} parts", _multipart(parts), multipart)
    yield Hostile(door, "XML", b"<a/>", door.headers | {"Content-Type": "application/xml"})


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(BIG))


def _multipart(parts: int) -> bytes:
    one = b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n'
    return b"".join(one % n for n in range(parts)) + b"--b--\r\n"


def refusal_of(port: int, hostile: Hostile) -> Refusal:
    """Send one body and say what came of it."""
    started = time.perf_counter()
    status, _ = ask(port, hostile)
    return Refusal(status, (time.perf_counter() - started) * 1000)


def ask(port: int, hostile: Hostile) -> tuple[int, str]:
    """The status and the cookie that answer one body; an answer that comes before the whole body is out counts."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=15)) as connection:
        body: Any = iter([hostile.body]) if hostile.chunked else hostile.body
        with suppress(ConnectionError):
            connection.request("POST", hostile.door.path, body, hostile.headers, encode_chunked=hostile.chunked)
        answer = connection.getresponse()
        answer.read()
        return answer.status, str(answer.getheader("Set-Cookie", "")).partition(";")[0]
