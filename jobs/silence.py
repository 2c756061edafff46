"""Notice questions that nobody answered."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.watch_silence import watch_silence


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Judge one batch; returns how many were looked at."""
    return watch_silence(jobs_app.holder, jobs_app.wiring.vaults, now)
