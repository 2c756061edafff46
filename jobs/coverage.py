"""Look for patients, texts and flags that nothing looks at."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.watch_coverage import watch_coverage


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at every clinic; returns how many were found."""
    return watch_coverage(jobs_app.wiring.vaults, now)
