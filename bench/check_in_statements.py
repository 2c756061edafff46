"""The statements of one check-in, as the server saw them, played again by pgbench: what the database alone can do."""

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

PEOPLE = 48  # so many scripts, each with one patient's own values
SECONDS = 4
_ENTRY = re.compile(r"(?:LOG|DETAIL):  ?(.*?)(?=\n[^\n\t]*(?:LOG|DETAIL|ERROR|HINT|STATEMENT):|\Z)", re.DOTALL)
_VALUE = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")
_UUID = re.compile(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'")


@dataclass(frozen=True)
class Statements:
    """Scripts for pgbench, and how many round trips one check-in makes."""

    command: list[str]
    round_trips: int

    def seconds_each(self) -> float:
        """Seconds for each play of the statements, at full speed."""
        said = subprocess.run(self.command, capture_output=True, text=True, check=False)
        found = re.search(r"tps = ([\d.]+)", said.stdout)
        if said.returncode or found is None:
            raise SystemExit(f"pgbench: {said.stderr[:1000]}")
        return 1 / float(found[1])


def measure_statements(app: Any, deployment: Deployment, tokens: Sequence[str], connections: int) -> Statements:
    """Record the statements of a check-in for some patients, and make scripts of them."""
    folder = deployment.folder / "pgbench"
    folder.mkdir()
    trips = 0
    settings = {"log_statement": "'all'", "log_error_verbosity": "'default'", "log_parameter_max_length": "-1"}
    with deployment.sql() as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER ROLE recovery_app SET {name} = {value}")
        asked = (
            "SELECT id::text FROM clinic UNION ALL SELECT id::text FROM patient UNION ALL SELECT id::text FROM episode"
        )
        there = {row[0] for row in connection.execute(asked)}
    with app.app_context():
        db.engine.dispose()
        _report(app, tokens[0])  # the first prepares its statements
        for place, token in enumerate(tokens[:PEOPLE]):
            said, trips = _recorded(app, deployment, token)
            (folder / f"{place}.sql").write_text(_script(said, there))
        db.engine.dispose()
    with deployment.sql() as connection:
        for name in settings:
            connection.execute(f"ALTER ROLE recovery_app RESET {name}")
    scripts = [f"-f{folder / f'{place}.sql'}" for place in range(PEOPLE)]
    command = [
        str(shipped_programs() / "pgbench"),
        "-n",
        "-Mprepared",
        f"-c{connections}",
        "-j1",
        f"-T{SECONDS}",
        *scripts,
    ]
    return Statements([*command, deployment.env["DATABASE_URL"]], trips)


def _report(app: Any, token: str) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    body = {"client_id": str(uuid4()), "recorded_at": at, "pain": 3, "symptoms": []}
    answer = app.test_client().post("/api/v1/me/check-ins", json=body, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code != 201:
        raise SystemExit(f"the product answered {answer.status_code}")


def _recorded(app: Any, deployment: Deployment, token: str) -> tuple[str, int]:
    """What the server wrote down of one check-in, and its round trips, which the driver's own trace tells."""
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
    sent = [line.split("\t") for line in trace.read_text(errors="replace").splitlines()]
    trips = sum(len(parts) > 3 and parts[1] == "F" and parts[3] in ("Sync", "Query") for parts in sent)
    with log.open("rb") as file:
        file.seek(before)
        return file.read().decode(errors="replace"), trips


def _script(log: str, there: set[str]) -> str:
    """The statements with their values, each written row under a new id; `there` are ids that stay as they are."""
    lines: list[str] = []
    for entry in _ENTRY.findall(log):
        kind, _, said = entry.strip().partition(": ")
        if kind.lower().startswith("parameters"):
            values = dict(_VALUE.findall(f"{kind}: {said}"))
            lines[-1] = re.sub(r"\$(\d+)", lambda found, values=values: values[found[1]], lines[-1])
        elif kind == "statement" or kind.startswith("execute"):
            lines.append(" ".join(said.split()))
    return "".join(f"{_fresh(line, there) if _writes(line) else line};\n" for line in lines)


def _writes(line: str) -> bool:
    return "INSERT INTO" in line


def _fresh(line: str, there: set[str]) -> str:
    return _UUID.sub(lambda found: found[0] if found[1] in there else "gen_random_uuid()", line)
