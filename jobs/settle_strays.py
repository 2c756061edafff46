"""Settle attempts of unknown end that no sender looks at."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.settle_strays import settle_strays


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Ask the carrier's list; returns how many attempts were strays."""
    return settle_strays(jobs_app.wiring.gateway, jobs_app.holder, jobs_app.wiring.vaults, now)
