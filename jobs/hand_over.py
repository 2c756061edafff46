"""Hand due reminders to the outbox."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.hand_over_reminders import hand_over_due


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Hand over one batch; returns how many were due."""
    parts = jobs_app.wiring
    return hand_over_due(
        jobs_app.holder, parts.vaults, now, public_url=parts.settings.public_url, push_by=frozenset(parts.pushes)
    )
