"""Planning a year beside COPY, and claiming due items beside a bare loop, with few and with many rows due later.

For 100,000 episodes and as many due items; `EPISODES=2000 make bench` takes two minutes for it instead of half an hour.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, delete

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.models import tables
from recovery_api.services.claim_work import Claim
from recovery_api.services.plan_reminders import AHEAD, plan_ahead
from recovery_api.services.set_aside import work_off_together
from recovery_api.wiring import wiring
from tests.deployment import Deployment

EPISODES = int(os.environ.get("EPISODES", "100000"))
AHEAD_OF_CLAIMS = (10_000, 1_000_000)
BATCH = 100
_YEAR = timedelta(days=380)
# One patient of the seeded clinic, many times over; each row keeps what the template has but its ids and its dates.
_CLONED = {"patient": "patient_id", "procedure": "procedure_id", "episode": "episode_id", "care_plan": "care_plan_id"}


def measure_planning(episodes: int = EPISODES) -> dict[str, Any]:
    """Rows a second of the planner and of COPY; items a second of the claims and of a bare loop."""
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            app = create_app(Settings.from_env(deployment.env))
            with app.app_context(), psycopg.connect(deployment.env["DATABASE_ADMIN_URL"], autocommit=True) as owner:
                clone_episodes(owner, deployment, episodes)
                return _planned(owner, episodes) | _claimed(owner, episodes * len(AHEAD_OF_CLAIMS))
        finally:
            deployment.stop()


def clone_episodes(owner: "psycopg.Connection[Any]", deployment: Deployment, count: int) -> None:
    """`count` recoveries more in the first clinic, their procedures on the seven days from today on, none planned."""
    template = UUID(deployment.seeded["clinics"][0]["patients"][2]["episode_id"])
    names = ", ".join(f"gen_random_uuid() AS {name}" for name in _CLONED.values())
    owner.execute(f"CREATE TEMP TABLE made AS SELECT place, {names} FROM generate_series(1, %s) AS place", [count])
    for table in _CLONED:
        columns = [row[0] for row in owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
            " AND is_generated = 'NEVER'", [table],
        )]  # fmt: skip
        values = ", ".join(_value(table, column) for column in columns)
        owner.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM made, {table} AS old"
            f" WHERE old.id = ({_TEMPLATES[table]})",
            [template],
        )
    owner.execute("ANALYZE")


_TEMPLATES = {
    "patient": "SELECT patient_id FROM episode WHERE id = %s",
    "procedure": "SELECT procedure_id FROM episode WHERE id = %s",
    "episode": "%s::uuid",
    "care_plan": "SELECT id FROM care_plan WHERE episode_id = %s AND replaced_at IS NULL",
}


def _value(table: str, column: str) -> str:
    if column == "id":
        return f"made.{_CLONED[table]}"
    if column in _CLONED.values():
        return f"made.{column}"
    if column == "planned_until":
        return "NULL"
    return f"old.{column} + (made.place %% 7)" if column == "performed_on" else f"old.{column}"


def _planned(owner: "psycopg.Connection[Any]", episodes: int) -> dict[str, Any]:
    """A year of plans, two weeks after two weeks, as the ticker makes them; and the same rows by COPY."""
    before, began, now = _rows(owner), time.perf_counter(), wiring().clock.now()
    for ahead in range(0, _YEAR.days, AHEAD.days):
        plan_ahead(wiring().vaults, now + timedelta(days=ahead))
    seconds = time.perf_counter() - began
    rows, copied = _rows(owner) - before, _copy(owner)
    return {
        "episodes planned for a year": episodes,
        "rows of it (reminders and their places in the queue)": rows,
        "planned rows a second": round(rows / seconds),
        "rows a second by COPY": round(copied),
        "planning as a share of COPY": f"{rows / seconds / copied:.3f}",
    }


def _rows(owner: "psycopg.Connection[Any]") -> int:
    return sum(_one(owner, f"SELECT count(*) FROM {table}") for table in ("reminder", "due_work"))


def _one(owner: "psycopg.Connection[Any]", query: str) -> int:
    row = owner.execute(query).fetchone()
    return int(row[0]) if row else 0


def _copy(owner: "psycopg.Connection[Any]") -> float:
    """Rows a second that COPY writes into tables with the same columns, checks and indexes, but nothing to refer to."""
    rows, seconds = 0, 0.0
    for table in ("reminder", "due_work"):
        owner.execute(f"CREATE TABLE copied (LIKE {table} INCLUDING ALL)")
        with owner.cursor() as cursor:
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT BINARY)") as out:
                content = [bytes(part) for part in out]
            began = time.perf_counter()
            with cursor.copy("COPY copied FROM STDIN (FORMAT BINARY)") as into:
                for part in content:
                    into.write(part)
            seconds += time.perf_counter() - began
            rows += _one(owner, "SELECT count(*) FROM copied")
        owner.execute("DROP TABLE copied")
    return rows / seconds


def _claimed(owner: "psycopg.Connection[Any]", items: int) -> dict[str, Any]:
    """Items a second, claimed and done in batches, with few and with many rows that are due later."""
    found: dict[str, Any] = {}
    speeds: dict[str, list[float]] = {"claims": [], "bare loop": []}
    for work_off in (_by_the_product, _by_a_bare_loop):  # what is compiled and cached once is no part of it
        with _queue(owner, 0, BATCH) as due:
            _speed(owner, due, work_off)
    for ahead in AHEAD_OF_CLAIMS:
        for name, work_off in (("claims", _by_the_product), ("bare loop", _by_a_bare_loop)):
            with _queue(owner, ahead, items // len(AHEAD_OF_CLAIMS)) as due:
                speeds[name].append(_speed(owner, due, work_off))
                found[f"{name} a second with {ahead:,} rows due later"] = round(speeds[name][-1])
        found[f"claims as a share of the bare loop, {ahead:,}"] = (
            f"{speeds['claims'][-1] / speeds['bare loop'][-1]:.2f}"
        )
    for name, (few, many) in speeds.items():
        found[f"{name}: change from {AHEAD_OF_CLAIMS[0]:,} to {AHEAD_OF_CLAIMS[1]:,}"] = f"{many / few - 1:+.0%}"
    return found


@contextmanager
def _queue(owner: "psycopg.Connection[Any]", ahead: int, due: int) -> Iterator[int]:
    """A queue of `due` items of the hour that is over and `ahead` of the days to come, and nothing else."""
    owner.execute("TRUNCATE due_work")
    owner.execute(
        "INSERT INTO due_work (clinic_id, kind, row_id, due_at, priority, held_until)"
        " SELECT (SELECT min(clinic_id::text)::uuid FROM sender_number), 'reminder', gen_random_uuid(),"
        " CASE WHEN n <= %(due)s THEN %(now)s - n %% 3600 * interval '1 s'"
        " ELSE %(now)s + interval '1 day' + n %% 1200000 * interval '1 s' END, 5, now() - interval '1 s'"
        " FROM generate_series(1, %(all)s) AS n",
        {"due": due, "all": due + ahead, "now": wiring().clock.now()},
    )
    owner.execute("VACUUM ANALYZE due_work")
    yield due


def _speed(owner: "psycopg.Connection[Any]", due: int, work_off: Callable[[datetime], int]) -> float:
    now, done, began = wiring().clock.now(), 0, time.perf_counter()
    while taken := work_off(now):
        done += taken
    seconds = time.perf_counter() - began
    left = _one(owner, f"SELECT count(*) FROM due_work WHERE due_at <= '{now.isoformat()}'")
    if (done, left) != (due, 0):
        raise SystemExit(f"{done} of {due} items were done, {left} are left")
    return done / seconds


def _by_the_product(now: datetime) -> int:
    """One batch as the ticker hands it over: claimed and taken out of the queue in one transaction."""

    def work(connection: Connection, claims: Sequence[Claim]) -> None:
        queue = tables.due_work
        chosen = queue.c.row_id.in_([claim.row_id for claim in claims])
        connection.execute(delete(queue).where(queue.c.kind == "reminder", chosen))

    return work_off_together("reminder", "bench:0:0", now, BATCH, work)


_BARE = """
DELETE FROM due_work WHERE (clinic_id, kind, row_id) IN (
    SELECT clinic_id, kind, row_id FROM due_work WHERE kind = 'reminder' AND due_at <= %s AND held_until <= %s
    ORDER BY priority, due_at LIMIT 100 FOR UPDATE SKIP LOCKED
) RETURNING row_id
"""
_BARE_CONNECTION: list["psycopg.Connection[Any]"] = []


def _by_a_bare_loop(now: datetime) -> int:
    """One batch by the driver alone, in one statement and one commit."""
    if not _BARE_CONNECTION:
        url = wiring().settings.database_url.replace("+psycopg", "")
        _BARE_CONNECTION.append(psycopg.connect(url))
    connection = _BARE_CONNECTION[0]
    taken = len(connection.execute(_BARE, [now, now]).fetchall())
    connection.commit()
    return taken


if __name__ == "__main__":
    for key, value in measure_planning(int(sys.argv[1]) if len(sys.argv) > 1 else EPISODES).items():
        print(f"{key:<60} {value}")
