"""Run the trial of each clinic: text, rule, flag, page and answer, every fifteen minutes, and say what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.page_code import page_code
from recovery_api.domain.trial import AFTER_FAILURE, EVERY, MUST_PASS_WITHIN, PATIENT_PHONE, SINK_PHONE, WORDS
from recovery_api.gateways.trial_road import RoadClosed, TrialRoad
from recovery_api.ids import new_id
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, resolve_flag
from recovery_api.services.keep_synthetic import Synthetic, keep_synthetic
from recovery_api.services.keep_watch import keep_watch, read_watches
from recovery_api.services.list_clinics import list_clinics

TOOK_IT = ("accepted", "queued", "sent", "delivered", "read")
_NOTE = "Self-test of the whole road"


@dataclass(frozen=True, slots=True)
class Words:
    """A text that a phone of the trial sends next, once the transaction is over."""

    trial_id: UUID
    phone: str
    number: str
    body: str


def run_trials(road: TrialRoad, vaults: Vaults, first_after: timedelta, now: datetime) -> int:
    """Bring every clinic's trial one step on; returns how many steps were made.

    A clinic's first trial begins `first_after` it was first seen here.
    """
    steps = 0
    for clinic_id in list_clinics():
        try:
            steps += _advance(clinic_id, road, vaults, first_after, now)
        except RoadClosed:
            break  # it is closed to the others too: they come with the next tick, so that no tick waits for long
    return steps


def _advance(clinic_id: UUID, road: TrialRoad, vaults: Vaults, first_after: timedelta, now: datetime) -> bool:
    """One step of one clinic's trial. Raises RoadClosed once that is written down."""
    try:
        with clinic_transaction(clinic_id, vaults) as scope:
            words = _step(scope, first_after, now)
    except IntegrityError:
        return False  # another ticker began this trial a moment ago
    if words is None:
        return False
    try:
        road.text(words.phone, words.number, words.body)
    except RoadClosed as closed:
        with clinic_transaction(clinic_id, vaults) as scope:
            _end(scope, words.trial_id, f"text_{closed}")
        raise
    return True


def _step(scope: ClinicScope, first_after: timedelta, now: datetime) -> Words | None:
    trial = tables.trial
    running = scope.connection.execute(
        select(trial)
        .where(trial.c.clinic_id == scope.clinic_id, trial.c.ended_at.is_(None))
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if running is None:
        return _begin(scope, now) if _is_due(scope, first_after) else None
    if real_now() - running.begun_at > MUST_PASS_WITHIN:
        _end(scope, running.id, f"after_{running.state}")
        return None
    return _STEPS[running.state](scope, running, now)


def _is_due(scope: ClinicScope, first_after: timedelta) -> bool:
    trial, real = tables.trial, real_now()
    last = scope.connection.execute(
        select(trial.c.begun_at, trial.c.state)
        .where(trial.c.clinic_id == scope.clinic_id)
        .order_by(trial.c.id.desc())
        .limit(1)
    ).one_or_none()
    if last is not None:
        return bool(real - last.begun_at >= (EVERY if last.state == "passed" else AFTER_FAILURE))
    seen = [one for one in read_watches(scope.connection, scope.clinic_id) if one.kind == "trial"]
    if not seen:
        row = {"clinic_id": scope.clinic_id, "kind": "trial", "looked_at": real, "counts": {}}
        scope.connection.execute(insert(tables.watch), row)
        return first_after <= timedelta()
    return real - seen[0].looked_at >= first_after


def _begin(scope: ClinicScope, now: datetime) -> Words:
    synthetic = keep_synthetic(scope, now)
    _close_flags(scope, synthetic, now)
    trial_id = new_id()
    row = {"clinic_id": scope.clinic_id, "id": trial_id, "state": "texted", "begun_at": real_now()}
    scope.connection.execute(insert(tables.trial), {**row, "texted_at": real_now()})
    return Words(trial_id, PATIENT_PHONE, scope.number, WORDS)


def _close_flags(scope: ClinicScope, synthetic: Synthetic, now: datetime) -> None:
    """What an earlier trial left open would only be repeated, and page nobody anew."""
    flag = tables.flag
    rows = scope.connection.execute(
        select(flag.c.id).where(
            flag.c.clinic_id == scope.clinic_id, flag.c.patient_id == synthetic.patient_id, flag.c.status != "resolved"
        )
    ).scalars()
    for flag_id in rows.all():
        resolve_flag(scope, Deed(synthetic.clinician_id, flag_id, None), "other", _NOTE, now)


def _look_for_page(scope: ClinicScope, trial: AnyRow, now: datetime) -> Words | None:
    """Whether the words became a flag, and the carrier took its page: then the sink answers with the code."""
    flag, patient, message = tables.flag, tables.patient, tables.message
    row = scope.connection.execute(
        select(flag.c.id, flag.c.climb, message.c.state)
        .join(patient, (patient.c.clinic_id == flag.c.clinic_id) & (patient.c.id == flag.c.patient_id))
        .outerjoin(
            message,
            (message.c.clinic_id == flag.c.clinic_id)
            & (message.c.flag_id == flag.c.id)
            & (message.c.text_key == "page_clinician")
            & message.c.state.in_(TOOK_IT),
        )
        .where(flag.c.clinic_id == scope.clinic_id, patient.c.is_synthetic, flag.c.status == "open")
        .limit(1)
    ).one_or_none()
    if row is None or row.state is None:
        return None
    _write(scope, trial.id, state="answered", flag_id=row.id, paged_at=real_now(), answered_at=real_now())
    return Words(trial.id, SINK_PHONE, scope.number, page_code(row.id, row.climb))


def _look_for_owner(scope: ClinicScope, trial: AnyRow, now: datetime) -> Words | None:
    """Whether the code took the flag: then the road is proved from end to end."""
    flag = tables.flag
    status = scope.connection.execute(
        select(flag.c.status).where(flag.c.clinic_id == scope.clinic_id, flag.c.id == trial.flag_id)
    ).scalar()
    if status == "acknowledged":
        _close_flags(scope, keep_synthetic(scope, now), now)
        _end(scope, trial.id, None)
    return None


_STEPS = {"texted": _look_for_page, "answered": _look_for_owner}


def _end(scope: ClinicScope, trial_id: UUID, why: str | None) -> None:
    real = real_now()
    _write(scope, trial_id, state="failed" if why else "passed", ended_at=real, why=why)
    keep_watch(scope.connection, scope.clinic_id, "trial", why, {})
    if why:
        warn("trial.failed", clinic_id=str(scope.clinic_id), reason=why)


def _write(scope: ClinicScope, trial_id: UUID, **values: Any) -> None:
    trial = tables.trial
    scope.connection.execute(
        update(trial).where(trial.c.clinic_id == scope.clinic_id, trial.c.id == trial_id).values(**values)
    )
