"""Put a clinic's rota in force: the weekly shifts, single days and holidays of one file in place of what stood."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.ladder import DUTIES
from recovery_api.domain.ladder_file import WEEKDAYS, read_time
from recovery_api.domain.pack_section import Section
from recovery_api.domain.rota import HOLIDAY, Shift
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit

DAYS = (*WEEKDAYS, "holiday")


@dataclass(frozen=True, slots=True)
class Rota:
    """The shifts and holidays of one file."""

    shifts: tuple[Shift, ...]
    holidays: frozenset[date]


def set_rota(scope: ClinicScope, content: object, actor: Actor, now: datetime) -> Rota:
    """Check a rota's content and make it the clinic's from now on. Raises PackError that names the shift."""
    rota = read_rota(content, _staff(scope))
    for table in (tables.duty, tables.holiday):
        scope.connection.execute(
            update(table)
            .where(table.c.clinic_id == scope.clinic_id, table.c.removed_at.is_(None))
            .values(removed_at=now)
        )
    common = {"clinic_id": scope.clinic_id, "created_at": now}
    shifts = [
        {**common, "id": new_id(), "clinician_id": one.clinician_id, "duty": one.duty, "weekday": one.weekday,
         "on_day": one.on, "starts": one.starts, "ends": one.ends}
        for one in rota.shifts
    ]  # fmt: skip
    if shifts:
        scope.connection.execute(insert(tables.duty), shifts)
    if rota.holidays:
        days = [{**common, "id": new_id(), "held_on": day} for day in sorted(rota.holidays)]
        scope.connection.execute(insert(tables.holiday), days)
    record_audit(scope, actor, "rota.set", ("clinic", scope.clinic_id), now, None, {"shifts": len(shifts)})
    return rota


def _staff(scope: ClinicScope) -> dict[str, UUID]:
    """Everybody who can have a duty, by e-mail address."""
    clinician = tables.clinician
    rows = scope.connection.execute(
        select(clinician.c.id, clinician.c.email_sealed).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.disabled_at.is_(None),
            clinician.c.is_synthetic.is_(False),
        )
    )
    return {scope.vault.open("clinician.email", row.id, row.email_sealed).casefold(): row.id for row in rows}


def read_rota(content: object, staff: Mapping[str, UUID], file: str = "rota") -> Rota:
    """The rota in a parsed file; `staff` are the ids by e-mail address. Raises PackError."""
    whole = Section(file, "rota", content)
    places = enumerate(whole.items("shifts"), start=1)
    shifts = [shift for n, item in places for shift in _shifts(Section(file, f"shift {n}", item), staff)]
    holidays = frozenset(_day(whole, day) for day in whole.items("holidays")) if whole.has("holidays") else frozenset()
    whole.close()
    return Rota(tuple(shifts), holidays)


def _shifts(section: Section, staff: Mapping[str, UUID]) -> Iterator[Shift]:
    who, duty = section.text("who"), section.choice("duty", DUTIES)
    starts, ends = read_time(section, "from"), read_time(section, "to")
    days: list[Any] = section.items("days") if section.has("days") else []
    on = _day(section, section.take("on")) if section.has("on") else None
    section.close()
    if who.casefold() not in staff:
        raise section.error(f"nobody of this clinic signs in as {who}")
    if bool(days) == (on is not None):
        raise section.error("needs either days or on")
    if unknown := [day for day in days if day not in DAYS]:
        raise section.error(f"days holds {unknown[0]!r}; write one of {', '.join(DAYS)}")
    clinician_id = staff[who.casefold()]
    if on is not None:
        yield Shift(clinician_id, duty, starts, ends, on=on)
    for day in dict.fromkeys(days):
        yield Shift(clinician_id, duty, starts, ends, weekday=HOLIDAY if day == "holiday" else WEEKDAYS.index(day))


def _day(section: Section, value: object) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise section.error(f"{value!r} is not a day such as 2026-12-25")
    return value
