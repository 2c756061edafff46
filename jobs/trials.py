"""Bring each clinic's trial of the whole road one step on."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.run_trials import run_trials


def run(jobs_app: JobsApp, now: datetime) -> int:
    """One step a clinic; returns how many texts were sent for it."""
    parts = jobs_app.wiring
    return run_trials(parts.trial_road, parts.vaults, parts.first_trial_after, now)
