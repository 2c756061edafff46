"""The worklist that thirty browsers poll: 200 flags among 100,000 recoveries and 10,000,000 check-ins, two web workers.

`python -m bench.worklist 1000000` makes that many check-ins instead.
"""

import http.client
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.many_check_ins import FLAGS, everybody_else, flagged_patients
from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import db
from tests.deployment import Deployment, wait_for

EPISODES = 100_000
CHECK_INS = 10_000_000
BROWSERS = 30
EVERY = (15.0, 3.0)  # seconds between two looks of one browser: as the pages look, and five times as often
LOOKS = 8
LEAST = {304: 0.5, 200: 0.9}  # the share of looks that must be of the kind: the waiting times change every minute
ROWS = "/worklist/rows?show=all"


def measure_worklist(check_ins: int = CHECK_INS) -> dict[str, Any]:
    """Milliseconds of a look that finds nothing new, of one that finds a change, and of a patient's page."""
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            app = create_app(Settings.from_env(deployment.env))
            began = time.monotonic()
            with app.app_context():
                clinic_id = UUID(deployment.seeded["clinics"][0]["id"])
                sessions, patients = flagged_patients(clinic_id, BROWSERS)
                everybody_else(deployment, EPISODES, check_ins)
                db.engine.dispose()
            made = time.monotonic() - began
            deployment.start("web", "ticker", "sender-alert", "sender-bulk")
            wait_for(lambda: deployment.get("/healthz")[0] == 200, "the web did not start")
            return {"flags": FLAGS, "episodes": EPISODES, "check-ins": check_ins, "made in s": round(made)} | _polled(
                deployment, sessions, patients
            )
        finally:
            deployment.stop()


def _polled(deployment: Deployment, sessions: Sequence[str], patients: Sequence[UUID]) -> dict[str, Any]:
    """The same browsers while nothing changes, while every look finds a change, and opening patients."""
    _warm(deployment, sessions[0], ROWS)
    pages = [f"/patients/{one}" for one in patients[:40]]
    for page in pages:
        _warm(deployment, sessions[0], page)
    figures: dict[str, Any] = {"browsers": BROWSERS}
    for every in EVERY:
        figures |= _looked(deployment, sessions, every)
    opened = sorted(_look(deployment, sessions[0], page)[0] for page in pages)
    return figures | {"a patient's page, median ms": _ms(statistics.median(opened))}


def _looked(deployment: Deployment, sessions: Sequence[str], every: float) -> dict[str, float]:
    """What browsers see that look so often, each from its own moment on: nothing new at any look, then a change."""
    unchanged = _times(deployment, sessions, every, 304)
    with _changing(deployment, every):
        changed = _times(deployment, sessions, every, 200)
    return {
        f"every {every:.0f} s, nothing new: median ms": _ms(statistics.median(unchanged)),
        f"every {every:.0f} s, nothing new: p95 ms": _ms(unchanged[int(len(unchanged) * 0.95)]),
        f"every {every:.0f} s, a change: median ms": _ms(statistics.median(changed)),
        f"every {every:.0f} s, a change: p95 ms": _ms(changed[int(len(changed) * 0.95)]),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


@contextmanager
def _changing(deployment: Deployment, every: float) -> Iterator[None]:
    """Somebody changes a flag more often than any browser looks."""
    done = threading.Event()

    def change() -> None:
        with deployment.sql() as connection:
            while not done.wait(every / BROWSERS / 2):
                connection.execute(
                    "UPDATE flag SET version = version + 1 WHERE id = (SELECT min(id::text)::uuid FROM flag)"
                )

    changer = threading.Thread(target=change)
    changer.start()
    try:
        yield
    finally:
        done.set()
        changer.join()


def _times(deployment: Deployment, sessions: Sequence[str], every: float, status: int) -> list[float]:
    """Seconds of every look with this status, sorted."""
    with ThreadPoolExecutor(len(sessions)) as browsers:
        looks = [browsers.submit(_looks, deployment, secret, place, every) for place, secret in enumerate(sessions)]
        found = [look for one in looks for look in one.result()]
    times = sorted(seconds for seconds, said in found if said == status)
    if len(times) < len(found) * LEAST[status]:
        raise SystemExit(f"only {len(times)} of {len(found)} looks were answered with {status}")
    return times


def _looks(deployment: Deployment, secret: str, place: int, every: float) -> list[tuple[float, int]]:
    line = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=30)
    tag = _warm(deployment, secret, ROWS, line)
    due = time.perf_counter() + every * random.Random(place).random()
    found: list[tuple[float, int]] = []
    for _ in range(LOOKS):
        time.sleep(max(0.0, due - time.perf_counter()))
        seconds, said, tag = _look(deployment, secret, ROWS, tag, line)
        found.append((seconds, said))
        due += every
    line.close()
    return found


def _warm(deployment: Deployment, secret: str, path: str, line: http.client.HTTPConnection | None = None) -> str:
    """Look until a page comes, as processes that have just begun may need a moment; the mark of what was seen."""
    seen: list[str] = []

    def came() -> bool:
        _seconds, status, tag = _look(deployment, secret, path, line=line)
        seen.append(tag)
        return status == 200

    wait_for(came, f"{path} does not come")
    return seen[-1]


def _look(
    deployment: Deployment, secret: str, path: str, tag: str = "", line: http.client.HTTPConnection | None = None
) -> tuple[float, int, str]:
    """One look: its seconds, its status and the mark of what was seen."""
    asked = line or http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=120)
    headers = {"Cookie": f"session={secret}", "HX-Request": "true" if path == ROWS else "false", "If-None-Match": tag}
    began = time.perf_counter()
    asked.request("GET", path, headers=headers)
    answer = asked.getresponse()
    answer.read()
    seconds = time.perf_counter() - began
    if line is None:
        asked.close()
    return seconds, answer.status, answer.getheader("ETag", "")


def main(check_ins: int) -> None:
    """Measure and print."""
    for key, value in measure_worklist(check_ins).items():
        print(f"{key:<44} {value}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CHECK_INS)
