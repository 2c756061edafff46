"""From the commit of an emergency to the carrier's acceptance of its page: real processes, the simulated carrier."""

import secrets
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.deployment import Deployment, inbound_form, post_inbound, wait_for

EMERGENCIES = 120
PAUSE = 0.1  # seconds between two emergencies
LEFT = "('accepted', 'queued', 'sent', 'delivered')"


def measure_pages() -> dict[str, Any]:
    """Each emergency comes from a phone of its own, so that each is a flag and a page of its own."""
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start()
            deployment.wait_until_ready()
            waits = _waits(deployment)
        finally:
            deployment.stop()
    return {
        "emergencies": len(waits),
        "commit to acceptance, median ms": round(statistics.median(waits) * 1000),
        "p99 ms": round(waits[int(len(waits) * 0.99)] * 1000),
        "longest ms": round(waits[-1] * 1000),
    }


def _waits(deployment: Deployment) -> list[float]:
    """Seconds from the answer of the web hook, which comes after the commit, until the page was seen accepted."""
    clinic = deployment.seeded["clinics"][0]
    committed: dict[str, float] = {}
    waits: dict[str, float] = {}
    with deployment.sql() as connection:
        for place in range(EMERGENCIES):
            phone = f"+1{201 + place // 100}55501{place % 100:02}"
            sid = f"SM{secrets.token_hex(16)}"
            assert post_inbound(deployment, inbound_form(phone, clinic["number"], "my legs feel weak", sid))[0] == 200
            committed[sid] = time.monotonic()
            until = committed[sid] + PAUSE
            while time.monotonic() < until:
                _see(connection, committed, waits)
        wait_for(lambda: _see(connection, committed, waits) == EMERGENCIES, "some pages were not accepted")
    return sorted(waits.values())


def _see(connection: Any, committed: dict[str, float], waits: dict[str, float]) -> int:
    rows = connection.execute(
        "SELECT heard.sid FROM message page JOIN flag ON flag.clinic_id = page.clinic_id AND flag.id = page.flag_id"
        " JOIN message heard ON heard.clinic_id = flag.clinic_id AND heard.id = flag.message_id"
        f" WHERE page.text_key = 'page_clinician' AND page.state IN {LEFT}"
    ).fetchall()
    now = time.monotonic()
    for (sid,) in rows:
        if sid in committed:
            waits.setdefault(sid, now - committed[sid])
    time.sleep(0.005)
    return len(waits)
