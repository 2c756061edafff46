"""Hand pages to e-mail and voice."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.tell_pages import tell_pages


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Hand over what is due; returns how many pages were looked at."""
    return tell_pages(jobs_app.holder, jobs_app.wiring.vaults, jobs_app.wiring.channels, now)
