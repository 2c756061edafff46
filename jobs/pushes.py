"""Push to apps."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.send_pushes import send_pushes


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Offer what is due; returns how many pushes were looked at."""
    parts = jobs_app.wiring
    return send_pushes(jobs_app.holder, parts.vaults, parts.pushes, now)
