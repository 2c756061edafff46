"""What operators ask: is the process alive, is the product working, and how late is it."""

from collections import Counter

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.models import tables
from recovery_api.services.check_readiness import readiness
from recovery_api.services.keep_watch import FRESH, read_watches
from recovery_api.services.pace_senders import circuit_of, list_senders
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
    body = {
        "status": "ready" if ready else "not ready",
        "checks": {c.name: c.trouble or "ok" for c in checks},
        "watches": _watched() if checks[0].trouble is None else {},
    }
    return jsonify(body), 200 if ready else 503


def _watched() -> dict[str, dict[str, int]]:
    """By what is watched: in how many clinics it is looked at, and in how many all is not well."""
    with open_transaction() as connection:
        watches = read_watches(connection)
    real, found = real_now(), {kind: {"clinics": 0, "not_well": 0} for kind in FRESH}
    for one in watches:
        found[one.kind]["clinics"] += 1
        found[one.kind]["not_well"] += not one.is_well(real)
    return found


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus; none of them names a patient or a clinic."""
    registry = CollectorRegistry()
    due = Gauge("recovery_due_work", "Rows of work that are due", ["kind"], registry=registry)
    late = Gauge("recovery_due_work_late_seconds", "How late the oldest due row is", ["kind"], registry=registry)
    seen = Gauge(
        "recovery_process_seen_seconds", "Seconds since a process completed a cycle", ["process"], registry=registry
    )
    alone = Gauge("recovery_unattended", "Found with nothing that looks at it", ["thing"], registry=registry)
    unwell = Gauge("recovery_watch_not_well", "Clinics where a watch is not well", ["watch"], registry=registry)
    _add_senders(registry)
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
        watches = read_watches(connection)
    for kind in FRESH:
        unwell.labels(kind).set(sum(one.kind == kind and not one.is_well(real_now()) for one in watches))
    for thing in ("episodes", "messages", "flags", "texts", "zones", "numbers", "people", "clinic"):
        alone.labels(thing).set(sum(one.counts.get(thing, 0) for one in watches if one.kind == "coverage"))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _add_senders(registry: CollectorRegistry) -> None:
    """How our numbers fare at the carrier, all of them together."""
    circuits = Gauge("recovery_sender_circuits", "Numbers by the state of their circuit", ["state"], registry=registry)
    differing = Gauge(
        "recovery_carrier_differences", "What yesterday's comparison with the carrier found", ["where"],
        registry=registry,
    )  # fmt: skip
    filtered = Gauge("recovery_texts_filtered", "Texts that the carrier filtered, ever", registry=registry)
    reconciled = Gauge(
        "recovery_inbound_reconciled_seconds", "Seconds since the number that is furthest behind was reconciled",
        registry=registry,
    )  # fmt: skip
    senders, real = list_senders(), real_now()
    states = Counter(circuit_of(row, real) for row in senders)
    for state in ("closed", "half_open", "open"):
        circuits.labels(state).set(states[state])
    for where in ("only_here", "only_there", "differing"):
        differing.labels(where).set(sum(getattr(row, where) for row in senders))
    filtered.set(sum(row.filtered for row in senders))
    since = [(real - row.received_until).total_seconds() for row in senders if row.received_until is not None]
    reconciled.set(max(since, default=0))
