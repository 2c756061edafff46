"""Change a clinic's rota a shift at a time: add and take away shifts and holidays, and hand a duty over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.hand_over import hand_over
from recovery_api.domain.ladder import DUTIES
from recovery_api.domain.rota import Shift, on_duty
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.find_people import CARE
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class NamedShift:
    """A shift that stands, with its id and whose it is."""

    id: UUID
    shift: Shift


@dataclass(frozen=True, slots=True)
class RotaRead:
    """The rota that stands: shifts, holidays, who may have a duty, and who has each now."""

    shifts: Sequence[NamedShift]
    holidays: Sequence[date]
    names: dict[UUID, str]
    now_on: dict[str, list[UUID]]


@dataclass(frozen=True, slots=True)
class NewShift:
    """A shift to be added: on weekdays (0 is Monday, 7 a holiday), or on a single day."""

    clinician_id: UUID
    duty: str
    starts: time
    ends: time
    weekdays: Sequence[int] = ()
    on: date | None = None


def read_rota(scope: ClinicScope, now: datetime) -> RotaRead:
    """The rota as it stands at `now`; single days that are over are left out."""
    shifts, holidays, names = _shifts(scope), _holidays(scope), _names(scope)
    today = now.astimezone(scope.zone).date()
    plain, free = [one.shift for one in shifts], frozenset(holidays)
    shown = [one for one in shifts if one.shift.on is None or one.shift.on >= today]
    duties = {duty: on_duty(plain, free, duty, now, scope.zone) for duty in DUTIES}
    return RotaRead(shown, [day for day in holidays if day >= today], names, duties)


def add_shift(scope: ClinicScope, new: NewShift, actor: Actor, now: datetime) -> None:
    """Add a weekly shift for each weekday named, or one on a single day. Raises Invalid."""
    if new.duty not in DUTIES:
        raise Invalid(f"must be one of {', '.join(DUTIES)}", field="duty")
    if new.clinician_id not in _names(scope):
        raise Invalid("is nobody of this clinic", field="who")
    if bool(new.weekdays) == (new.on is not None):
        raise Invalid("needs weekdays or a single day, and not both", field="days")
    days: Sequence[int | None] = list(new.weekdays) or [None]
    _insert(scope, [Shift(new.clinician_id, new.duty, new.starts, new.ends, day, new.on) for day in days], now)
    _audit(scope, actor, "rota.shift_added", now)


def remove_shift(scope: ClinicScope, shift_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a shift away; what it was stays in the record. Raises NotFound."""
    duty = tables.duty
    gone = scope.connection.execute(
        update(duty)
        .where(duty.c.clinic_id == scope.clinic_id, duty.c.id == shift_id, duty.c.removed_at.is_(None))
        .values(removed_at=now)
    )
    if gone.rowcount == 0:
        raise NotFound("There is no such shift.")
    _audit(scope, actor, "rota.shift_removed", now)


def add_holiday(scope: ClinicScope, day: date, actor: Actor, now: datetime) -> None:
    """The clinic is closed on a day. Raises Conflict where that is known."""
    if day in _holidays(scope):
        raise Conflict("That day is a holiday already.")
    scope.connection.execute(
        insert(tables.holiday), {"clinic_id": scope.clinic_id, "id": new_id(), "held_on": day, "created_at": now}
    )
    _audit(scope, actor, "rota.holiday_added", now)


def remove_holiday(scope: ClinicScope, day: date, actor: Actor, now: datetime) -> None:
    """The clinic is open on a day after all. Raises NotFound."""
    holiday = tables.holiday
    gone = scope.connection.execute(
        update(holiday)
        .where(holiday.c.clinic_id == scope.clinic_id, holiday.c.held_on == day, holiday.c.removed_at.is_(None))
        .values(removed_at=now)
    )
    if gone.rowcount == 0:
        raise NotFound("That day is no holiday.")
    _audit(scope, actor, "rota.holiday_removed", now)


def hand_over_duty(scope: ClinicScope, duty: str, people: tuple[UUID, UUID], actor: Actor, now: datetime) -> None:
    """Give the rest of a running shift to a colleague. Raises Invalid or Conflict."""
    if duty not in DUTIES or people[1] not in _names(scope):
        raise Invalid("must be a duty and a colleague", field="who")
    written = hand_over(
        [one.shift for one in _shifts(scope)], frozenset(_holidays(scope)), duty, people, now, scope.zone
    )
    table = tables.duty
    scope.connection.execute(
        update(table)
        .where(
            table.c.clinic_id == scope.clinic_id,
            table.c.duty == duty,
            table.c.on_day.in_(list(written)),
            table.c.removed_at.is_(None),
        )
        .values(removed_at=now)
    )
    _insert(scope, [shift for shifts in written.values() for shift in shifts], now)
    _audit(scope, actor, "rota.handed_over", now)


def _insert(scope: ClinicScope, shifts: Sequence[Shift], now: datetime) -> None:
    rows = [
        {"clinic_id": scope.clinic_id, "id": new_id(), "created_at": now, "clinician_id": one.clinician_id,
         "duty": one.duty, "weekday": one.weekday, "on_day": one.on, "starts": one.starts, "ends": one.ends}
        for one in shifts
    ]  # fmt: skip
    scope.connection.execute(insert(tables.duty), rows)


def _shifts(scope: ClinicScope) -> list[NamedShift]:
    duty = tables.duty
    rows = scope.connection.execute(
        select(duty)
        .where(duty.c.clinic_id == scope.clinic_id, duty.c.removed_at.is_(None))
        .order_by(duty.c.duty, duty.c.on_day.nulls_first(), duty.c.weekday, duty.c.starts, duty.c.id)
    )
    return [
        NamedShift(row.id, Shift(row.clinician_id, row.duty, row.starts, row.ends, row.weekday, row.on_day))
        for row in rows
    ]


def _holidays(scope: ClinicScope) -> list[date]:
    holiday = tables.holiday
    rows = scope.connection.execute(
        select(holiday.c.held_on)
        .where(holiday.c.clinic_id == scope.clinic_id, holiday.c.removed_at.is_(None))
        .order_by(holiday.c.held_on)
    )
    return [row.held_on for row in rows]


def _names(scope: ClinicScope) -> dict[UUID, str]:
    """Everybody who can have a duty, by name."""
    clinician = tables.clinician
    rows = scope.connection.execute(
        select(clinician.c.id, clinician.c.name_sealed).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.disabled_at.is_(None),
            clinician.c.is_synthetic.is_(False),
            clinician.c.role.in_(CARE),
        )
    )
    named = {row.id: scope.vault.open("clinician.name", row.id, row.name_sealed) for row in rows}
    return dict(sorted(named.items(), key=lambda one: one[1]))


def _audit(scope: ClinicScope, actor: Actor, action: str, now: datetime) -> None:
    record_audit(scope, actor, action, ("clinic", scope.clinic_id), now)
