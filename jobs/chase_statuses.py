"""Ask for the end of texts that the carrier has not told of."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.chase_statuses import chase_statuses


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Ask about one batch; returns how many texts."""
    return chase_statuses(jobs_app.wiring.gateway, jobs_app.wiring.vaults, now)
