"""A whole deployment of real processes for tests: PostgreSQL, carrier, web, ticker and both senders, each killable."""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
from twilio.request_validator import RequestValidator

from recovery_api.clock import Clock
from recovery_api.gateways.postgres import EmbeddedPostgres
from tests.leaks import phones_in
from tests.nursery import PROJECT, Forked, Nursery

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
ACCOUNT, TOKEN, NEXT_TOKEN = "AC" + "5" * 32, "a-token-of-tests-alone", "the-next-token"
JOBS = ("ticker", "sender-alert", "sender-bulk")
SECONDS = 60
TUESDAY = 1


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], why: str, seconds: float = SECONDS) -> Any:
    """The first true answer of `what`; fails with `why` where none came in time."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        found = what()
        if found:
            return found
        time.sleep(0.05 if waited < 2 else 0.25)  # asking is work, too
    raise AssertionError(f"not within {seconds:.0f} s: {why}")


def _an_hour_without_texts() -> datetime:
    """The next Tuesday before the day's first text in New York and after the last on the islands of the others.

    Whenever the tests run, it is then the same hour: a patient of the seeded clinics is sent answers alone.
    """
    now = datetime.now(UTC)
    return (now + timedelta(days=7 - (now.weekday() - TUESDAY) % 7)).replace(hour=10, minute=45, second=0)


class Deployment:
    """The processes and what a test wants to know of them."""

    def __init__(self, folder: Path, workers: int = 2, nursery: bool = False) -> None:
        """With a `nursery` its processes are forked from one that has read their code, which takes a tenth of the work.

        Without one each is started by its command line.
        """
        self.folder = folder
        self._nursery = Nursery() if nursery else None
        self.port, self.carrier_port = free_port(), free_port()
        self.clock_file = folder / "clock"
        programs = os.environ.get("RECOVERY_TEST_POSTGRES")
        self.postgres = EmbeddedPostgres(folder / "postgres", Path(programs) if programs else None)
        self.password = secrets.token_hex(16)
        self.processes: dict[str, subprocess.Popen[bytes] | Forked] = {}
        self._workers = workers
        self._owner: psycopg.Connection[Any] | None = None
        self.env: dict[str, str] = {}
        self.seeded: dict[str, Any] = {}

    @property
    def commands(self) -> dict[str, list[str]]:
        """Every process by name; each of JOBS may run once more."""
        connect_to = f"127.0.0.1:{self.port}"
        usual = {
            "carrier": [*FLASK, "simulator", "--port", str(self.carrier_port), "--connect-to", connect_to],
            "web": [*FLASK, "serve", "--port", str(self.port)],
            "ticker": [sys.executable, "-m", "jobs", "ticker"],
            "sender-alert": [sys.executable, "-m", "jobs", "sender", "alert"],
            "sender-bulk": [sys.executable, "-m", "jobs", "sender", "bulk"],
        }
        return usual | {f"{name}-again": usual[name] for name in JOBS}

    def prepare(self) -> None:
        """Database, keys, environment, and two seeded clinics."""
        server = self.postgres.start()
        with psycopg.connect(server.admin_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE deployment")
        self.set_clock(_an_hour_without_texts())
        for name in ("secret.key", "data.key"):
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(secrets.token_hex(32))
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("TWILIO_", "COV_CORE"))},
            "RECOVERY_ENV": "test",
            "DATABASE_URL": self.postgres.url("deployment", "recovery_app", self.password),
            "DATABASE_ADMIN_URL": server.admin_url.rpartition("/")[0] + "/deployment",
            "SECRET_KEY_FILE": str(self.folder / "secret.key"),
            "DATA_KEY_FILE": str(self.folder / "data.key"),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE": f"http://127.0.0.1:{self.carrier_port}",
            "RECOVERY_CLOCK_FILE": str(self.clock_file),
            "RUN_DIR": str(self.folder / "run"),
            "LOG_DIR": str(self.folder / "logs"),
            "WEB_WORKERS": str(self._workers),
        }
        self.seeded = self._seed()

    def _seed(self) -> dict[str, Any]:
        output = self.folder / "seeded"
        seeding = self._start([*FLASK, "seed-test", "--json"], output)
        ended, said = seeding.wait(SECONDS), output.read_text()
        output.unlink()  # phones stand in it
        assert ended == 0, said
        seeded: dict[str, Any] = json.loads(said.splitlines()[-1])
        return seeded

    def now(self) -> datetime:
        """The product's time, which runs or stands still as the clock file says."""
        return Clock(self.clock_file).now()

    def set_clock(self, to: datetime) -> None:
        """Let the product's time run on from `to`."""
        self.clock_file.write_text(f"{(to - datetime.now(UTC)).total_seconds():+.0f}\n")

    def start(self, *names: str, by_command_line: bool = False) -> None:
        """Start processes, each of them once where none is named."""
        for name in names or ("carrier", "web", *JOBS):
            self.processes[name] = self._start(self.commands[name], self.folder / f"{name}.out", by_command_line)

    def _start(
        self, command: list[str], output: Path, by_command_line: bool = False
    ) -> subprocess.Popen[bytes] | Forked:
        if self._nursery and not by_command_line:
            return self._nursery.start(command, self.env, output)
        with output.open("ab") as log:
            return subprocess.Popen(command, env=self.env, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True)

    def wait_until_ready(self) -> None:
        """Until every process has completed a cycle."""
        wait_for(lambda: self.get("/readyz")[0] == 200, "the deployment is not ready")

    def kill(self, name: str) -> None:
        """SIGKILL a process and all its workers."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def keep_alive(self, until: threading.Event) -> None:
        """Start again whatever has ended, as an operator's supervisor would, until told to stop."""
        while not until.wait(0.2):
            for name, process in list(self.processes.items()):
                if process.poll() is not None:
                    self.start(name)

    def kill_postmaster(self) -> None:
        """SIGKILL the postmaster, then bring the server up again as an operator's supervisor would."""
        server = self.postgres.find()
        assert server is not None
        os.kill(server.pid, signal.SIGKILL)
        self.postgres.start()

    def stop(self) -> None:
        """End everything that was started here, and see that no phone stands in what was written down."""
        try:
            self._stop_processes()
        finally:
            if self._nursery:
                self._nursery.close()
            if self._owner:
                self._owner.close()
            leaks = phones_in(self.folder)
            self.postgres.destroy()
        assert leaks == set()

    def _stop_processes(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def get(self, path: str) -> tuple[int, bytes]:
        """GET from the web; (0, b"") while it does not answer."""
        return _ask(self.port, "GET", path)

    def carrier(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Pull a lever of the simulated carrier."""
        sent = json.dumps(body).encode() if body is not None else None
        status, answer = _ask(
            self.carrier_port, method, f"/simulator/{path}", sent, {"Content-Type": "application/json"}
        )
        assert 200 <= status < 300, (status, answer)
        return json.loads(answer) if answer else None

    def texts_to(self, phone: str) -> list[str]:
        """The bodies that reached a phone, oldest first."""
        thread = self.carrier("GET", f"messages?limit=10000&phone=%2B{phone[1:]}")["items"]
        return [text["body"] for text in thread if text["direction"].startswith("outbound")]

    @contextmanager
    def sql(self) -> Iterator[psycopg.Connection[Any]]:
        """The database as its superuser sees it, past the walls."""
        yield self._connection()

    def _connection(self) -> psycopg.Connection[Any]:
        """One connection for as long as the server lives: a new one is a new process there."""
        if self._owner is not None:
            with suppress(psycopg.OperationalError):
                self._owner.execute("SELECT 1")
                return self._owner
            self._owner.close()
        self._owner = psycopg.connect(self.env["DATABASE_ADMIN_URL"], autocommit=True)
        return self._owner

    def count(self, statement: str, *values: Any) -> int:
        """The one number of a query."""
        with self.sql() as connection:
            row = connection.execute(statement, values or None).fetchone()
        assert row is not None
        return int(row[0])


def inbound_form(sender: str, number: str, body: str, sid: str | None = None) -> dict[str, str]:
    """The fields of an inbound text as Twilio posts them."""
    sid = sid or f"SM{secrets.token_hex(16)}"
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": sender,
        "To": number,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }


def signed(url: str, form: dict[str, str], token: str = TOKEN) -> tuple[bytes, dict[str, str]]:
    """A form's bytes and headers, signed as Twilio signs them."""
    signature = RequestValidator(token).compute_signature(url, form)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return urlencode(form).encode(), headers


def post_inbound(deployment: Deployment, form: dict[str, str]) -> tuple[int, bytes]:
    """Post one signed inbound text."""
    url = f"{deployment.env['PUBLIC_URL']}/webhooks/twilio/inbound"
    body, headers = signed(url, form)
    return _ask(deployment.port, "POST", urlsplit(url).path, body, headers)


def _ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
