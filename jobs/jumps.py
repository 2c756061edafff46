"""Look at jumps of pain that nobody answered for."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.watch_jumps import watch_jumps


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at those whose time is over; returns how many."""
    return watch_jumps(jobs_app.holder, jobs_app.wiring.vaults, now)
