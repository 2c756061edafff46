"""Ask about visits of which nobody said whether they took place."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.watch_visits import watch_visits


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at every clinic; returns how many visits were asked about."""
    return watch_visits(jobs_app.wiring.vaults, now)
