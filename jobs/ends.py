"""End recoveries whose year is over."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.end_recoveries import end_recoveries


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at every clinic; returns how many were ended."""
    return end_recoveries(jobs_app.wiring.vaults, now)
