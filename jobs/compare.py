"""Compare yesterday with the carrier's list, both ways."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.compare_with_carrier import compare_with_carrier


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Compare what was not compared yet; returns how many numbers."""
    return compare_with_carrier(jobs_app.wiring.gateway, jobs_app.wiring.vaults, now)
