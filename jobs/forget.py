"""Forget the answers kept under keys that nobody can come with again."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.forget_answers import forget_answers


def run(jobs_app: JobsApp, _: datetime) -> int:
    """Look at every clinic; returns how many answers were forgotten."""
    return forget_answers(jobs_app.wiring.vaults)
