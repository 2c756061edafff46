"""From the commit of an emergency to the carrier's acceptance of its page: as a rule, over a kill, over a restart."""

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg

from tests.deployment import Deployment, inbound_form, post_inbound, wait_for

EMERGENCIES = 120
TROUBLE_AFTER = 30  # emergencies; then something is killed once
PAUSE = 0.1  # seconds between two emergencies
LEFT = "('accepted', 'queued', 'sent', 'delivered')"


def measure_pages() -> dict[str, Any]:
    """Each emergency comes from a phone of its own, so that each is a flag and a page of its own."""
    return _measure("", lambda deployment: None)


def measure_pages_in_trouble() -> dict[str, Any]:
    """The same, while the sender of pages is killed and started again, and while the database is."""
    killed = _measure("one process killed, ", lambda deployment: deployment.kill("sender-alert"))
    return killed | _measure("database killed, ", Deployment.kill_postmaster)


def _measure(name: str, trouble: Callable[[Deployment], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="recovery-bench-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start()
            deployment.wait_until_ready()
            with _supervised(deployment):
                waits = _waits(deployment, trouble)
        finally:
            deployment.stop()
    return {
        f"{name}emergencies": len(waits),
        f"{name}commit to acceptance, median ms": round(statistics.median(waits) * 1000),
        f"{name}p99 ms": round(waits[int(len(waits) * 0.99)] * 1000),
        f"{name}longest ms": round(waits[-1] * 1000),
    }


@contextmanager
def _supervised(deployment: Deployment) -> Iterator[None]:
    """What dies is started again, until the end."""
    done = Event()
    supervisor = Thread(target=deployment.keep_alive, args=(done,))
    supervisor.start()
    try:
        yield
    finally:
        done.set()
        supervisor.join()


def _waits(deployment: Deployment, trouble: Callable[[Deployment], None]) -> list[float]:
    """Seconds from the answer of the web hook, which comes after the commit, until the page was seen accepted."""
    clinic = deployment.seeded["clinics"][0]
    committed: dict[str, float] = {}
    waits: dict[str, float] = {}
    for place in range(EMERGENCIES):
        if place == TROUBLE_AFTER:
            Thread(target=trouble, args=(deployment,)).start()
        phone = f"+1{201 + place // 100}55501{place % 100:02}"
        sid = f"SM{secrets.token_hex(16)}"
        form = inbound_form(phone, clinic["number"], "my legs feel weak", sid)
        wait_for(lambda form=form: post_inbound(deployment, form)[0] == 200, "the web hook took no text")
        committed[sid] = time.monotonic()
        until = committed[sid] + PAUSE
        while time.monotonic() < until:
            _see(deployment, committed, waits)
    wait_for(lambda: _see(deployment, committed, waits) == EMERGENCIES, "some pages were not accepted", 120)
    return sorted(waits.values())


def _see(deployment: Deployment, committed: dict[str, float], waits: dict[str, float]) -> int:
    with suppress(psycopg.Error), deployment.sql() as connection:
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
