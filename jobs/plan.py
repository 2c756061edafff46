"""Plan reminders two weeks ahead."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.plan_reminders import A_TICK, plan_ahead


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Plan what is missing, for so many recoveries at a time; returns the reminders added."""
    return plan_ahead(jobs_app.wiring.vaults, now, A_TICK)
