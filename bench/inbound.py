"""The inbound web hook as a patient's text meets it: signed, on two web workers, eight connections."""

import itertools
import multiprocessing
import os
import socket
import statistics
import tempfile
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import event

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import clinic_transaction, db
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.wiring import wiring
from tests.deployment import Deployment, inbound_form, signed

PATH = "/webhooks/twilio/inbound"
AREAS = (201, 202, 203)
CONNECTIONS = 8
TEXTS = 6000
WARM_UP = 500
_TICKS = os.sysconf("SC_CLK_TCK")


def measure_inbound() -> dict[str, Any]:
    """Texts a second, latency, and what each costs the web and the database."""
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start("web")
            _wait(deployment)
            app = create_app(Settings.from_env(deployment.env))
            requests = _requests(deployment, _enrol(app, deployment), WARM_UP + TEXTS)
            _load(deployment.port, requests[:WARM_UP])
            with deployment.sql() as connection:
                connection.execute("ANALYZE")  # as autovacuum does within a minute
            web, database = _pids(deployment)
            before = _cpu(web), _cpu(database)
            started = time.monotonic()
            times = _load(deployment.port, requests[WARM_UP:])
            seconds = time.monotonic() - started
            after = _cpu(web), _cpu(database)
            trips = _round_trips(app, deployment)
        finally:
            deployment.stop()
    times.sort()
    return {
        "texts a second": round(TEXTS / seconds),
        "median ms at 8 connections": round(statistics.median(times) * 1000, 2),
        "p99 ms": round(times[int(len(times) * 0.99)] * 1000, 2),
        "web CPU ms a text": round((after[0] - before[0]) / TEXTS * 1000, 3),
        "database CPU ms a text": round((after[1] - before[1]) / TEXTS * 1000, 3),
        "SQL round trips a text": trips,
    }


def _wait(deployment: Deployment) -> None:
    deadline = time.monotonic() + 60
    while deployment.get("/healthz")[0] != 200:
        if time.monotonic() > deadline:
            raise SystemExit("the web did not start")
        time.sleep(0.1)


def _enrol(app: Flask, deployment: Deployment) -> list[tuple[str, str]]:
    """Patients of one clinic on their fifth day; returns (clinic's number, patient's phone)."""
    clinic = deployment.seeded["clinics"][0]
    phones = [f"+1{area}5550{line}" for area in AREAS for line in range(100, 200)]
    with app.app_context():
        parts, now = wiring(), wiring().clock.now()
        for place, phone in enumerate(phones):
            new = NewPatient(
                given_name="Made", family_name=f"Up {place}", born_on=date(1948, 3, 12), phone=phone,
                performed_on=now.date() - timedelta(days=5), levels=("L1",), baseline_pain=8, has_joined=True,
            )  # fmt: skip
            with clinic_transaction(UUID(clinic["id"]), parts.vaults) as scope:
                enrol_patient(scope, new, SYSTEM, now)
    return [(clinic["number"], phone) for phone in phones]


def _requests(deployment: Deployment, people: list[tuple[str, str]], count: int) -> list[tuple[bytes, dict[str, str]]]:
    """Scores from every patient in turn, each text with its own SID, signed beforehand."""
    url = f"{deployment.env['PUBLIC_URL']}{PATH}"
    return [
        signed(url, inbound_form(phone, number, str(place % 5)))
        for place, (number, phone) in zip(range(count), itertools.cycle(people), strict=False)
    ]


def _round_trips(app: Flask, deployment: Deployment) -> int:
    """What one routine score costs in round trips, begin and commit included: the driver's own trace of what it sends.

    The client waits for the database after each Sync and each simple Query, and nowhere else.
    """
    clinic = deployment.seeded["clinics"][0]
    client = app.test_client()
    with tempfile.NamedTemporaryFile() as trace, app.app_context():
        connections = []

        def follow(connection: Any, *_: Any) -> None:
            connections.append(connection.pgconn)
            connection.pgconn.trace(trace.fileno())

        event.listen(db.engine, "checkout", follow)
        for score in ("3", "2"):  # the first prepares its statements
            before = Path(trace.name).stat().st_size
            form = inbound_form(clinic["patients"][2]["phone"], clinic["number"], score)
            body, headers = signed(f"{deployment.env['PUBLIC_URL']}{PATH}", form)
            client.post(PATH, data=body, headers=headers)
        event.remove(db.engine, "checkout", follow)
        for connection in connections:
            connection.untrace()
        written = Path(trace.name).read_bytes()[before:].decode(errors="replace")
    sent = [line.split("\t") for line in written.splitlines()]
    return sum(len(parts) > 3 and parts[1] == "F" and parts[3] in ("Sync", "Query") for parts in sent)


def _load(port: int, requests: list[tuple[bytes, dict[str, str]]]) -> list[float]:
    """Send the requests from a process of its own over kept-alive connections; returns the seconds each took."""
    wires = [_on_the_wire(port, body, headers) for body, headers in requests]
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_send_all, (port, wires))


def _on_the_wire(port: int, body: bytes, headers: dict[str, str], path: str = PATH) -> bytes:
    """A request as bytes, made beforehand so that the load costs the machine next to nothing."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _send_all(port: int, wires: list[bytes]) -> list[float]:
    times: list[float] = []

    def work(mine: list[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for wire in mine:
                started = time.perf_counter()
                connection.sendall(wire)
                answer = connection.recv(65536)
                while not answer.endswith(b"<Response/>"):
                    more = connection.recv(65536)
                    if not more:
                        raise SystemExit("the web closed the connection")
                    answer += more
                times.append(time.perf_counter() - started)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise SystemExit(f"the web answered {answer[:40]!r}")

    threads = [threading.Thread(target=work, args=(wires[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _pids(deployment: Deployment) -> tuple[list[int], list[int]]:
    server = deployment.postgres.find()
    assert server is not None
    return _family(deployment.processes["web"].pid), _family(server.pid)


def _family(pid: int) -> list[int]:
    children = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == pid]
    return [pid, *(one for child in children for one in _family(child))]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def _cpu(pids: list[int]) -> float:
    """Seconds of CPU that processes have used."""
    total = 0
    for pid in pids:
        try:
            fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS
