"""Put stranded texts back into the queue."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.services.requeue_texts import requeue_texts


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look through every clinic's outbox; returns how many texts had been stranded."""
    return requeue_texts(jobs_app.wiring.vaults, now)
