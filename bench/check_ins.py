"""`POST /me/check-ins` as an app sends it, beside three frameworks as tutorials use them, and the same SQL alone.

Ours does all of it in one transaction: token, validation, rules, flag, audit, outbox, row-level security. The peers
look up the token and the recovery, validate, insert one row of the same table and read the last 14, as superuser.
"""

import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from bench.check_in_statements import measure_statements
from bench.connections import load
from bench.inbound import _cpu, _family, _wait
from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import clinic_transaction, db
from recovery_api.services.credentials import issue
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.wiring import wiring
from tests.deployment import PROJECT, Deployment, free_port, wait_for

CONNECTIONS, ROUNDS, REPORTS, WARM_UP = 32, 3, 1500, 300
AREAS = (201, 202, 203, 205, 206, 207)
SET_APART = 4 * CONNECTIONS  # patients whose statements pgbench plays, and nobody else reports for
PEERS = Path(__file__).parent / "peers"
VENV = PROJECT / "build" / "peers"
OURS, PGBENCH = "this product", "pgbench, the same SQL alone"
COMMANDS = {
    "bare Flask + Flask-SQLAlchemy ORM": ["gunicorn", "-w2", "--threads=8", "-b127.0.0.1:{}", "flask_orm:app"],
    "FastAPI + SQLAlchemy + asyncpg": ["uvicorn", "--workers=2", "--no-access-log", "--port={}", "fastapi_orm:app"],
    "Django REST framework": ["gunicorn", "-w2", "--threads=8", "-b127.0.0.1:{}", "drf:application"],
}


@dataclass
class Stack:
    """One server under load, and what its rounds gave."""

    name: str
    port: int
    path: str
    pids: list[int]
    rates: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    app_cpu: float = 0.0
    database_cpu: float = 0.0
    reports: int = 0

    def run(self, tokens: Sequence[str], count: int, database: list[int], *, counts: bool = True) -> None:
        """One round of `count` reports."""
        requests = [_request(self.port, self.path, tokens[place % len(tokens)], place % 4) for place in range(count)]
        before, started = (_cpu(self.pids), _cpu(database)), time.monotonic()
        times = load(self.port, requests, CONNECTIONS)
        seconds = time.monotonic() - started
        if counts:
            self.rates.append(count / seconds)
            self.times += times
            self.app_cpu += _cpu(self.pids) - before[0]
            self.database_cpu += _cpu(database) - before[1]
            self.reports += count

    def figures(self) -> dict[str, Any]:
        """What is told of it."""
        times = sorted(self.times)
        middle, slow = statistics.median(times) * 1000, times[len(times) * 99 // 100] * 1000
        app, database = (cpu / self.reports * 1000 for cpu in (self.app_cpu, self.database_cpu))
        return {
            f"{self.name}: reports a second": round(statistics.median(self.rates)),
            f"{self.name}: median / p99 ms": f"{middle:.1f} / {slow:.1f}",
            f"{self.name}: app / database CPU ms": f"{app:.3f} / {database:.3f}",
        }


def measure_check_ins() -> dict[str, Any]:
    """Every stack in turn, three times over, so that an hour of a busy machine weighs on all of them alike."""
    _install_peers()
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start("web")
            _wait(deployment)
            app = create_app(Settings.from_env(deployment.env))
            tokens = _enrol(app, deployment)
            with _peers(deployment) as stacks:
                web = _family(deployment.processes["web"].pid)
                stacks.insert(0, Stack(OURS, deployment.port, "/api/v1/me/check-ins", web))
                return _measure(app, deployment, stacks, tokens)
        finally:
            deployment.stop()


def _measure(app: Any, deployment: Deployment, stacks: list[Stack], tokens: list[str]) -> dict[str, Any]:
    server = deployment.postgres.find()
    assert server is not None
    tokens, apart = tokens[SET_APART:], tokens[:SET_APART]
    for stack in stacks:
        stack.run(tokens, WARM_UP, [], counts=False)
    with deployment.sql() as connection:
        connection.execute("ANALYZE")  # as autovacuum does within a minute
    statements = measure_statements(app, deployment, apart, CONNECTIONS)
    alone = [statements.seconds_each()]
    for _ in range(ROUNDS):
        for stack in stacks:
            stack.run(tokens, REPORTS, _family(server.pid))
        alone.append(statements.seconds_each())
    rates = {stack.name: statistics.median(stack.rates) for stack in stacks} | {PGBENCH: 1 / statistics.median(alone)}
    figures = {key: value for stack in stacks for key, value in stack.figures().items()}
    figures |= {f"{PGBENCH}: a second": round(rates[PGBENCH]), f"{OURS}: SQL round trips": statements.round_trips}
    figures |= {f"ratio to {name}": round(rates[OURS] / rate, 2) for name, rate in rates.items() if name != OURS}
    with app.app_context():
        db.engine.dispose()
    return figures


def _enrol(app: Any, deployment: Deployment) -> list[str]:
    """The access tokens of patients of one clinic on their fifth day."""
    clinic_id, tokens = UUID(deployment.seeded["clinics"][0]["id"]), []
    phones = [f"+1{area}5550{line}" for area in AREAS for line in range(100, 200)]
    with app.app_context():
        parts, now = wiring(), wiring().clock.now()
        for place, phone in enumerate(phones):
            new = NewPatient(
                given_name="Made", family_name=f"Up {place}", born_on=date(1948, 3, 12), phone=phone,
                performed_on=now.date() - timedelta(days=5), levels=("L1",), baseline_pain=8, has_joined=True,
            )  # fmt: skip
            with clinic_transaction(clinic_id, parts.vaults) as scope:
                patient = enrol_patient(scope, new, SYSTEM, now).patient_id
                lifetime = timedelta(hours=12)
                tokens.append(issue(scope.connection, "patient_access", clinic_id, patient, lifetime))
    return tokens


def _request(port: int, path: str, token: str, pain: int) -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    body = json.dumps({"client_id": str(uuid4()), "recorded_at": at, "pain": pain, "symptoms": []}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _install_peers() -> None:
    """The peers live in a folder of their own, made once for each list of versions."""
    wanted, mark = PEERS / "requirements.txt", VENV / "installed.txt"
    if mark.exists() and mark.read_bytes() == wanted.read_bytes():
        return
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(VENV / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-r", str(wanted)]
    subprocess.run(pip, check=True)
    mark.write_bytes(wanted.read_bytes())


@contextlib.contextmanager
def _peers(deployment: Deployment) -> Iterator[list[Stack]]:
    processes, stacks = [], []
    environment = {**os.environ, "PEER_DATABASE": deployment.env["DATABASE_ADMIN_URL"]}
    log = (deployment.folder / "peers.out").open("ab")
    try:
        for name, (program, *options) in COMMANDS.items():
            port = free_port()
            command = [str(VENV / "bin" / program), *(option.format(port) for option in options)]
            processes.append(
                subprocess.Popen(command, cwd=PEERS, env=environment, stdout=log, stderr=log, start_new_session=True)
            )
            wait_for(lambda port=port: _answers(port), f"{name} did not start")
            stacks.append(Stack(name, port, "/check-ins", _family(processes[-1].pid)))
        yield stacks
    finally:
        for process in processes:
            process.terminate()
            process.wait(15)
        log.close()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/nothing")
        return connection.getresponse().status == 404
    except OSError:
        return False
    finally:
        connection.close()
