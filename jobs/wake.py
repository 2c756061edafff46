"""Wake the flags that were put off."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.wake_flags import wake_flags


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Wake what is due; returns how many flags."""
    return wake_flags(jobs_app.wiring.vaults, now)
