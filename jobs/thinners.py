"""Ask a person about blood thinners of which nobody said that they were started again."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.watch_thinners import watch_thinners


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at every clinic; returns how many were flagged."""
    return watch_thinners(jobs_app.wiring.vaults, now)
