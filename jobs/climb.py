"""Climb the ladders of flags that nobody has taken."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.climb_ladder import climb_due


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Tell the rungs that are due; returns how many flags were looked at."""
    return climb_due(jobs_app.holder, jobs_app.wiring.vaults, jobs_app.wiring.channels.names, now)
