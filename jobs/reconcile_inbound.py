"""File texts that the web hook missed."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.reconcile_inbound import reconcile_inbound


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look at every number's list; returns how many texts had been missed."""
    return reconcile_inbound(jobs_app.wiring.gateway, jobs_app.wiring.vaults, now)
