"""Find whom a rung tells: those on duty by the rota, and somebody else where nobody on duty can be reached."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.ladder import DUTIES
from recovery_api.domain.rota import Shift, on_duty
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.find_ladder import ClinicLadder
from recovery_api.vault import SealBroken

CARE = ("nurse", "clinician", "lead")
ROLE_OF_DUTY = {"on_call": "clinician", "lead": "lead"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told; `clinician_id` is None for a last resort that is no clinician."""

    clinician_id: UUID | None
    phone: str | None
    email: str | None
    role: str = ""
    is_paged: bool = False

    def address(self, channel: str) -> str | None:
        """Where a channel reaches them."""
        return self.email if channel == "email" else self.phone


@dataclass(frozen=True, slots=True)
class Staff:
    """The clinic's people, who of them is on duty now, and the last resort."""

    people: Sequence[Person]
    duties: dict[str, list[UUID]]
    last_resort: Person | None

    def audience(self, tell: str, channels: Collection[str]) -> list[Person]:
        """Whom to tell: never nobody while one of those who are paged can be reached by one of the channels."""
        asked = [one for one in self._asked(tell) if any(one.address(channel) for channel in channels)]
        return asked or [one for one in self.people if one.is_paged and any(map(one.address, channels))]

    def _asked(self, tell: str) -> list[Person]:
        if tell in DUTIES:
            ids = self.duties[tell]
            return [one for one in self.people if one.clinician_id in ids] or self._without_rota(tell)
        everybody = [one for one in self.people if one.role in CARE]
        return everybody + ([self.last_resort] if tell == "last_resort" and self.last_resort else [])

    def _without_rota(self, duty: str) -> list[Person]:
        """Without a rota the nurse's duty lies with those who are marked to be paged, the others with their roles."""
        if duty == "nurse":
            return [one for one in self.people if one.is_paged]
        return [one for one in self.people if one.role == ROLE_OF_DUTY[duty]]


def find_staff(scope: ClinicScope, ladder: ClinicLadder, now: datetime) -> Staff:
    """Everybody who may be told at `now`, with their phones and addresses in clear."""
    clinician, duty = tables.clinician, tables.duty
    rows = scope.connection.execute(
        select(clinician).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.disabled_at.is_(None),
            clinician.c.is_synthetic.is_(False),
            clinician.c.role.in_(CARE) | clinician.c.is_paged,
        )
    )
    people = [_person(scope, row) for row in rows]
    standing = select(duty).where(duty.c.clinic_id == scope.clinic_id, duty.c.removed_at.is_(None))
    shifts = [_shift(row) for row in scope.connection.execute(standing)]
    holidays = ladder.hours.holidays
    duties = {name: on_duty(shifts, holidays, name, now, scope.zone) for name in DUTIES}
    resort = ladder.last_resort
    last = Person(None, resort.phone, resort.email) if resort.phone or resort.email else None
    return Staff(people, duties, last)


def synthetic_staff(scope: ClinicScope) -> Staff:
    """The one who is told of the synthetic patient, whatever the rung."""
    clinician = tables.clinician
    rows = scope.connection.execute(
        select(clinician).where(clinician.c.clinic_id == scope.clinic_id, clinician.c.is_synthetic)
    )
    people = [_person(scope, row, is_paged=True, with_email=False) for row in rows]
    return Staff(people, {duty: [] for duty in DUTIES}, None)


def _person(scope: ClinicScope, row: AnyRow, is_paged: bool = False, with_email: bool = True) -> Person:
    return Person(
        row.id,
        _address(scope, "phone", row.id, row.phone_sealed),
        _address(scope, "email", row.id, row.email_sealed) if with_email else None,
        row.role,
        is_paged or row.is_paged,
    )


def _address(scope: ClinicScope, kind: str, clinician_id: UUID, sealed: bytes | None) -> str | None:
    """One address in clear; None where its seal is broken, so that the others are told all the same."""
    try:
        return scope.open(f"clinician.{kind}", clinician_id, sealed)
    except SealBroken:
        warn("clinician.address_unreadable", clinic_id=str(scope.clinic_id), clinician_id=str(clinician_id), kind=kind)
        return None


def _shift(row: AnyRow) -> Shift:
    return Shift(row.clinician_id, row.duty, row.starts, row.ends, row.weekday, row.on_day)
