"""Tell the monitor outside that all is well, if it is."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.gateways.heartbeat import send_heartbeat
from recovery_api.services.beat import forget_old_beats
from recovery_api.services.send_heartbeat import send_heartbeat_if_well


def run(jobs_app: JobsApp, now: datetime) -> int:
    """One heartbeat, where it is due to; returns 1 where it was sent."""
    forget_old_beats()
    return send_heartbeat_if_well(jobs_app.wiring.settings.heartbeat_url, send_heartbeat)
