"""Keep the sums of a patient's days as the phone made them: one a day, and the one computed last stands."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.activity_days import DaySum, bounded_sum
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class DayRead:
    """The sum of a day as it stands."""

    id: UUID
    date: date
    steps: int | None
    minutes_walked: int | None
    source: str
    coverage: str
    computed_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """The sum that stands, and whether this call brought it: `created`, `replaced`, `known`, or `older`."""

    day: DayRead
    outcome: str


def keep_day(scope: ClinicScope, patient_id: UUID, given: DaySum, actor: Actor, now: datetime) -> Kept:
    """Store the sum of a day unless a later one is there. Raises Invalid.

    Of two that were computed at the same instant the larger stands, so that any order ends in the same state. A
    partial day is stored and shown; no rule looks at it. A day without a sum is missing, which is not zero.
    """
    wanted = bounded_sum(given, now, _zone(scope, patient_id))
    day = tables.activity_day
    before = _stored(scope, patient_id, wanted.on_day)
    facts = {
        "steps": wanted.steps,
        "minutes_walked": wanted.minutes_walked,
        "source": wanted.source,
        "coverage": wanted.coverage,
        "computed_at": wanted.computed_at,
        "received_at": now,
    }
    statement = insert(day).values(
        clinic_id=scope.clinic_id, id=new_id(), patient_id=patient_id, on_day=wanted.on_day, **facts
    )
    new, ranked = statement.excluded, ("steps", "minutes_walked")
    rank_of_new = [func.coalesce(new[name], -1) for name in ranked]
    rank_of_old = [func.coalesce(day.c[name], -1) for name in ranked]
    row = scope.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[day.c.clinic_id, day.c.patient_id, day.c.on_day],
            set_={name: new[name] for name in facts},
            where=tuple_(new.computed_at, new.coverage, *rank_of_new, new.source)
            > tuple_(day.c.computed_at, day.c.coverage, *rank_of_old, day.c.source),
        ).returning(day)
    ).one_or_none()
    if row is not None:
        subject = ("activity_day", row.id)
        record_audit(scope, actor, "activity_day.kept", subject, now, patient_id)
        return Kept(read_day(row), "created" if before is None else "replaced")
    stands = _stored(scope, patient_id, wanted.on_day)
    if stands is None:
        raise RuntimeError("the day was neither stored nor there")
    is_same = all(getattr(stands, name) == value for name, value in facts.items() if name != "received_at")
    return Kept(read_day(stands), "known" if is_same else "older")


def read_day(row: AnyRow) -> DayRead:
    """One stored row as its owner sees it."""
    return DayRead(
        row.id, row.on_day, row.steps, row.minutes_walked, row.source, row.coverage, row.computed_at, row.received_at
    )


def _stored(scope: ClinicScope, patient_id: UUID, on_day: date) -> AnyRow | None:
    day = tables.activity_day
    return scope.connection.execute(
        select(day).where(day.c.clinic_id == scope.clinic_id, day.c.patient_id == patient_id, day.c.on_day == on_day)
    ).one_or_none()


def _zone(scope: ClinicScope, patient_id: UUID) -> ZoneInfo:
    patient = tables.patient
    zone = select(patient.c.zone).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
    return ZoneInfo(scope.connection.execute(zone).scalar_one())
