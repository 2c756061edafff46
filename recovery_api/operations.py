"""What operators ask: is the process alive, is the product working, and how late is it."""

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.models import tables
from recovery_api.services.check_readiness import readiness
from recovery_api.wiring import wiring

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Database, migrations, ticker and both senders; 503 where one of them is missing."""
    checks = readiness()
    ready = all(check.trouble is None for check in checks)
    body = {"status": "ready" if ready else "not ready", "checks": {c.name: c.trouble or "ok" for c in checks}}
    return jsonify(body), 200 if ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus; none of them names a patient or a clinic."""
    registry = CollectorRegistry()
    due = Gauge("recovery_due_work", "Rows of work that are due", ["kind"], registry=registry)
    late = Gauge("recovery_due_work_late_seconds", "How late the oldest due row is", ["kind"], registry=registry)
    seen = Gauge(
        "recovery_process_seen_seconds", "Seconds since a process completed a cycle", ["process"], registry=registry
    )
    now, work, beat = wiring().clock.now(), tables.due_work, tables.heartbeat
    with open_transaction() as connection:
        waiting = connection.execute(
            select(work.c.kind, func.count(), func.min(work.c.due_at)).where(work.c.due_at <= now).group_by(work.c.kind)
        )
        for kind, count, oldest in waiting:
            due.labels(kind).set(count)
            late.labels(kind).set((now - oldest).total_seconds())
        beats = connection.execute(select(beat.c.process, func.max(beat.c.beat_at)).group_by(beat.c.process))
        for process, beat_at in beats:
            seen.labels(process).set((real_now() - beat_at).total_seconds())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
