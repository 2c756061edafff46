"""The statements of one check-in, as the server saw them, played again by pgbench: what the database alone can do."""

import hashlib
import itertools
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import event

from recovery_api.db import db
from recovery_api.gateways.postgres_programs import shipped_programs
from tests.deployment import Deployment

SECONDS = 3
_ENTRY = re.compile(r"(?:LOG|DETAIL):  ?(.*?)(?=\n[^\n\t]*(?:LOG|DETAIL|ERROR|HINT|STATEMENT):|\Z)", re.DOTALL)
_VALUE = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")
_UUID = re.compile(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'")


@dataclass(frozen=True)
class Statements:
    """A script for pgbench, what undoes its plays, and how many round trips one check-in makes."""

    command: list[str]
    round_trips: int
    deployment: Deployment
    patients: Sequence[str]

    def seconds_each(self) -> float:
        """Seconds for each play of the statements, at full speed; what was played is removed again.

        No history grows longer than one that the product meets beside it.
        """
        said = subprocess.run(self.command, capture_output=True, text=True, check=False)
        found = re.search(r"tps = ([\d.]+)", said.stdout)
        if said.returncode or found is None:
            raise SystemExit(f"pgbench: {said.stderr[:1000]}")
        with self.deployment.sql() as connection:
            connection.execute(
                "DELETE FROM check_in USING episode WHERE episode.id = check_in.episode_id"
                " AND episode.patient_id = ANY(%s::uuid[])",
                [list(self.patients)],
            )
            connection.execute("VACUUM check_in")
        return 1 / float(found[1])


def measure_statements(app: Any, deployment: Deployment, tokens: Sequence[str], connections: int) -> Statements:
    """Record the statements of a check-in for the patients of these tokens, and make one script of them.

    Each connection of pgbench plays patients of its own, as an app reports for one patient: none waits for another's
    lock. What goes to the server in one round trip of ours goes in one of pgbench's.
    """
    settings = {"log_statement": "'all'", "log_error_verbosity": "'default'", "log_parameter_max_length": "-1"}
    with deployment.sql() as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER ROLE recovery_app SET {name} = {value}")
        asked = (
            "SELECT id::text FROM clinic UNION ALL SELECT id::text FROM patient UNION ALL SELECT id::text FROM episode"
        )
        there = {row[0] for row in connection.execute(asked)}
        digests = [hashlib.sha256(token.encode()).digest() for token in tokens]
        rows = connection.execute("SELECT subject_id::text FROM credential WHERE digest = ANY(%s)", [digests])
        patients = [row[0] for row in rows]
    recorded = []
    with app.app_context():
        db.engine.dispose()
        _report(app, tokens[0])  # the first prepares its statements
        for token in tokens:
            recorded.append(_recorded(app, deployment, token))
        db.engine.dispose()
    with deployment.sql() as connection:
        for name in settings:
            connection.execute(f"ALTER ROLE recovery_app RESET {name}")
    script = deployment.folder / "pgbench.sql"
    script.write_text(_script([(_statements(log, there), trips) for log, trips in recorded], connections))
    program = str(shipped_programs() / "pgbench")
    command = [program, "-n", "-Mprepared", f"-c{connections}", "-j1", f"-T{SECONDS}", f"-f{script}"]
    return Statements([*command, deployment.env["DATABASE_URL"]], len(recorded[-1][1]), deployment, patients)


def _report(app: Any, token: str) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    body = {"client_id": str(uuid4()), "recorded_at": at, "pain": 3, "symptoms": []}
    answer = app.test_client().post("/api/v1/me/check-ins", json=body, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code != 201:
        raise SystemExit(f"the product answered {answer.status_code}")


def _recorded(app: Any, deployment: Deployment, token: str) -> tuple[str, list[int]]:
    """What the server wrote down of one check-in, and the statements of each round trip, by the driver's own trace."""
    log, trace = deployment.folder / "postgres" / "log", deployment.folder / "trace"
    before, followed = log.stat().st_size, []
    with trace.open("w+b") as file:

        def follow(connection: Any, *_: Any) -> None:
            followed.append(connection.pgconn)
            connection.pgconn.trace(file.fileno())

        event.listen(db.engine, "checkout", follow)
        _report(app, token)
        event.remove(db.engine, "checkout", follow)
        for connection in followed:
            connection.untrace()
    with log.open("rb") as file:
        file.seek(before)
        return file.read().decode(errors="replace"), _round_trips(trace.read_text(errors="replace"))


def _round_trips(trace: str) -> list[int]:
    """How many statements went with each: a client waits after each Sync and each simple Query, and nowhere else."""
    trips, statements = [], 0
    for line in trace.splitlines():
        parts = line.split("\t")
        said = parts[3] if len(parts) > 3 and parts[1] == "F" else ""
        statements += said in ("Execute", "Query")
        if said in ("Sync", "Query"):
            trips.append(statements)
            statements = 0
    return trips


def _statements(log: str, there: set[str]) -> list[str]:
    """The statements with their values, each written row under a new id; `there` are ids that stay as they are."""
    lines: list[str] = []
    for entry in _ENTRY.findall(log):
        kind, _, said = entry.strip().partition(": ")
        if kind.lower().startswith("parameters"):
            values = dict(_VALUE.findall(f"{kind}: {said}"))
            lines[-1] = re.sub(r"\$(\d+)", lambda found, values=values: values[found[1]], lines[-1])
        elif kind == "statement" or kind.startswith("execute"):
            lines.append(" ".join(said.split()))
    return [f"{_fresh(line, there) if _writes(line) else line};" for line in lines]


def _script(people: Sequence[tuple[list[str], list[int]]], connections: int) -> str:
    """One script: connection n plays the people n, n + connections, and so on, by lot."""
    lines = [f"\\set who :client_id + {connections} * random(0, {len(people) // connections - 1})"]
    for place, (statements, trips) in enumerate(people):
        lines.append(f"\\if :who = {place}")
        left = iter(statements)
        for count in trips:
            sent = list(itertools.islice(left, count))
            lines += ["\\startpipeline", *sent, "\\endpipeline"] if count > 1 else sent
        if list(left):
            raise SystemExit("the log and the trace tell of different statements")
        lines.append("\\endif")
    return "\n".join(lines) + "\n"


def _writes(line: str) -> bool:
    return "INSERT INTO" in line


def _fresh(line: str, there: set[str]) -> str:
    return _UUID.sub(lambda found: found[0] if found[1] in there else "gen_random_uuid()", line)
