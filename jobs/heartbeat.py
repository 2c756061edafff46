"""Tell the monitor outside that all is well, if it is."""

from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.gateways.heartbeat import send_heartbeat
from recovery_api.services.send_heartbeat import send_heartbeat_if_well


def run(jobs_app: JobsApp, now: datetime) -> int:
    """One heartbeat, where it is due to; returns 1 where it was sent."""
    return send_heartbeat_if_well(jobs_app.wiring.settings.heartbeat_url, send_heartbeat)
