"""End holds whose time is over."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.end_holds import end_holds


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at every clinic; returns how many recoveries go on."""
    return end_holds(jobs_app.wiring.vaults, now)
