"""Follow a clock that was put back."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.follow_clock import follow_clock


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at the clock; returns how many rungs were moved."""
    return follow_clock(jobs_app.wiring.vaults, now)
