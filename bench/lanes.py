"""One flag behind 5,000 reminders that are due in the same minute: how soon its texts reach the carrier."""

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import clinic_transaction
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.wiring import wiring
from tests.deployment import Deployment, inbound_form, post_inbound, wait_for

REMINDERS = 5000
AREAS = (201, 202, 203, 205, 206)
DANGER = "my legs feel weak since last night"


def measure_lanes() -> dict[str, Any]:
    """Seconds from a dangerous text to its answer and its page at the simulated carrier, on real processes."""
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start()
            deployment.wait_until_ready()
            return _measure(deployment)
        finally:
            deployment.stop()


def _measure(deployment: Deployment) -> dict[str, Any]:
    clinic = deployment.seeded["clinics"][0]
    patient = clinic["patients"][2]
    queue_reminders(deployment, UUID(clinic["id"]), REMINDERS)
    waiting = deployment.count("SELECT count(*) FROM due_work WHERE kind = 'send_bulk'")
    started = time.monotonic()
    if post_inbound(deployment, inbound_form(patient["phone"], clinic["number"], DANGER))[0] != 200:
        raise SystemExit("the web did not take the text")
    wait_for(lambda: any("911" in text for text in deployment.texts_to(patient["phone"])), "no answer to danger")
    answered = time.monotonic() - started
    wait_for(lambda: deployment.texts_to("+12125550130"), "nobody was paged")
    paged = time.monotonic() - started
    behind = deployment.count("SELECT count(*) FROM due_work WHERE kind = 'send_bulk'")
    return {
        "reminders waiting when the text came": waiting,
        "reminders still waiting when the page went": behind,
        "seconds to the answer at the carrier": round(answered, 2),
        "seconds to the page at the carrier": round(paged, 2),
    }


def queue_reminders(deployment: Deployment, clinic_id: UUID, count: int) -> None:
    """Put `count` reminders into the outbox that are all due now."""
    app = create_app(Settings.from_env(deployment.env))
    with app.app_context(), clinic_transaction(clinic_id, wiring().vaults) as scope:
        now = wiring().clock.now()
        queue_texts(
            scope,
            [
                Outgoing(
                    Recipient(f"+1{AREAS[place // 100 % len(AREAS)]}55501{place % 100:02}", "en"),
                    "reminder",
                    "check_in_pain",
                    expires_at=now + timedelta(hours=6),
                )
                for place in range(count)
            ],
            now,
        )
