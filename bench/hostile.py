"""Hostile bodies on every kind of door: how long the worst of them keeps the web busy."""

import tempfile
from pathlib import Path
from typing import Any

from tests.deployment import Deployment, wait_for
from tests.hostile import Refusal, doors, hostile_bodies, refusal_of

REPEATS = 5
GOAL_MS = 100


def measure_hostile() -> dict[str, Any]:
    """The worst milliseconds of each body over all doors, and every answer that was not a refusal."""
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start("web")
            wait_for(lambda: deployment.get("/healthz")[0] == 200, "the web did not start")
            answers = [
                (f"{hostile.name} on {door.name}", refusal_of(deployment.port, hostile))
                for door in doors(deployment)
                for hostile in hostile_bodies(door)
                for _ in range(REPEATS)
            ]
        finally:
            deployment.stop()
    return summary(answers)


def summary(answers: list[tuple[str, Refusal]]) -> dict[str, Any]:
    """The worst case of each body; what is over the goal or was not refused is named with its door."""
    worst: dict[str, float] = {}
    for name, answer in answers:
        body = name.partition(" on ")[0]
        worst[body] = max(worst.get(body, 0.0), answer.milliseconds)
    slow = sorted({name for name, answer in answers if answer.milliseconds >= GOAL_MS})
    let_in = sorted({f"{name}: {answer.status}" for name, answer in answers if not 400 <= answer.status < 500})
    return {
        **{f"worst ms, {body}": round(ms, 1) for body, ms in sorted(worst.items(), key=lambda one: -one[1])},
        f"over {GOAL_MS} ms": ", ".join(slow) or "none",
        "not refused": ", ".join(let_in) or "none",
    }
