"""A patient's word on the next visit: confirmed, or a change asked for."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.find_contacts import Contact


@dataclass(frozen=True, slots=True)
class VisitWords:
    """A visit's day and time as a text says them."""

    date: str
    time: str


_SPANISH_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip


def visit_words(starts_at: datetime, zone: ZoneInfo, language: str = "en") -> VisitWords:
    """Day and time of a visit in the zone and the language that the patient lives in, short enough for a text."""
    local = starts_at.astimezone(zone)
    if language == "es":
        return VisitWords(f"{local.day} de {_SPANISH_MONTHS[local.month - 1]}", f"{local:%H:%M}")
    hour = local.hour % 12 or 12
    return VisitWords(f"{local:%b} {local.day}", f"{hour}:{local:%M} {'AM' if local.hour < 12 else 'PM'}")


def confirm_visit(scope: ClinicScope, contact: Contact, now: datetime) -> VisitWords | None:
    """Confirm the next visit; None where there is none."""
    return _mark_next(scope, contact, "confirmed", now)


def ask_to_change_visit(scope: ClinicScope, contact: Contact, now: datetime) -> VisitWords | None:
    """Note that the next visit should be moved; None where there is none."""
    return _mark_next(scope, contact, "change_asked", now)


def _mark_next(scope: ClinicScope, contact: Contact, status: str, now: datetime) -> VisitWords | None:
    if contact.recovery is None:
        return None
    visit = tables.appointment
    following = (
        select(visit.c.id)
        .where(
            visit.c.clinic_id == scope.clinic_id,
            visit.c.episode_id == contact.recovery.episode_id,
            visit.c.starts_at > now,
            visit.c.status.in_(("booked", "confirmed", "change_asked")),
        )
        .order_by(visit.c.starts_at)
        .limit(1)
        .scalar_subquery()
    )
    starts_at = scope.connection.execute(
        update(visit)
        .where(visit.c.clinic_id == scope.clinic_id, visit.c.id == following)
        .values(status=status)
        .returning(visit.c.starts_at)
    ).scalar()
    return visit_words(starts_at, contact.zone, contact.language) if starts_at else None
