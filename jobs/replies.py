"""Notice where nobody at all answers any more."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.watch_replies import watch_replies


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at every clinic; returns how many are silent."""
    return watch_replies(jobs_app.wiring.vaults, now)
