"""Status callbacks as the carrier posts them: signed, several for each text, on two web workers."""

import itertools
import multiprocessing
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from bench.inbound import _on_the_wire, _send_all, _wait
from bench.lanes import queue_reminders
from recovery_api.services.outbox_rows import callback_id
from tests.deployment import ACCOUNT, Deployment, signed

TEXTS, STATUSES = 1000, ("queued", "sending", "sent", "delivered")


def measure_statuses() -> dict[str, Any]:
    """Callbacks a second and their latency; every text must end as delivered, whatever the order was."""
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start("web")
            _wait(deployment)
            queue_reminders(deployment, UUID(deployment.seeded["clinics"][0]["id"]), TEXTS)
            requests = _callbacks(deployment)
            started = time.monotonic()
            with multiprocessing.get_context("fork").Pool(1) as pool:
                times = pool.apply(_send_all, (deployment.port, requests))
            seconds = time.monotonic() - started
            ended = deployment.count("SELECT count(*) FROM message WHERE state = 'delivered'")
        finally:
            deployment.stop()
    if ended != TEXTS:
        raise SystemExit(f"{TEXTS - ended} texts did not end as delivered")
    times.sort()
    return {
        "callbacks a second": round(len(requests) / seconds),
        "median ms at 8 connections": round(statistics.median(times) * 1000, 2),
        "p99 ms": round(times[int(len(times) * 0.99)] * 1000, 2),
    }


def _callbacks(deployment: Deployment) -> list[bytes]:
    """Every status of every text, shuffled, each signed beforehand."""
    with deployment.sql() as connection:
        rows = connection.execute("SELECT clinic_id, id FROM message WHERE direction = 'out'").fetchall()
    made = []
    for place, ((clinic_id, message_id), status) in enumerate(itertools.product(rows, STATUSES)):
        sid = f"SM{place // len(STATUSES):032x}"
        url = f"{deployment.env['PUBLIC_URL']}/webhooks/twilio/status?m={callback_id(clinic_id, message_id)}"
        form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "MessageStatus": status, "SmsStatus": status}
        parts = urlsplit(url)
        made.append(_on_the_wire(deployment.port, *signed(url, form), path=f"{parts.path}?{parts.query}"))
    random.Random(7).shuffle(made)
    return made
