"""A patient's word on the next visit: confirmed, or a change asked for."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Text, case, cast, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.find_contacts import Contact


@dataclass(frozen=True, slots=True)
class VisitWords:
    """A visit's day and time as a text says them."""

    date: str
    time: str


_SOON = timedelta(days=3)  # within which a review comes (shipped protocol)
_SPANISH_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip


# Saturday has a letter that makes a text cost two, and is left out.
_SPANISH_DAYS = ("lunes ", "martes ", "miércoles ", "jueves ", "viernes ", "", "domingo ")


def visit_words(starts_at: datetime, zone: ZoneInfo, language: str = "en") -> VisitWords:
    """Day and time of a visit in the zone and the language that the patient lives in, short enough for a text."""
    local = starts_at.astimezone(zone)
    return VisitWords(date_words(local.date(), language), hour_words(local.time()))


def date_words(on: date, language: str = "en") -> str:
    """A day as a text says it, with its day of the week."""
    if language == "es":
        return f"{_SPANISH_DAYS[on.weekday()]}{on.day} de {_SPANISH_MONTHS[on.month - 1]}"
    return f"{on:%a %b} {on.day}"


def hour_words(at: time) -> str:
    """A time of day as a text says it; in both languages as clocks in the US show it."""
    return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"


def confirm_visit(scope: ClinicScope, contact: Contact, now: datetime) -> VisitWords | None:
    """Confirm the next visit; None where there is none."""
    starts_at = _mark_next(scope, contact, "confirmed", now)
    return visit_words(starts_at, contact.zone, contact.language) if starts_at else None


def ask_to_change_visit(scope: ClinicScope, contact: Contact, now: datetime) -> datetime | None:
    """Note that the next visit should be moved; returns when it begins (UTC), None where there is none."""
    return _mark_next(scope, contact, "change_asked", now)


def tier_of_change(starts_at: datetime | None, now: datetime) -> Tier:
    """How soon somebody has to find another time: today where the visit itself comes before a review would."""
    return Tier.TODAY if starts_at is not None and starts_at - now <= _SOON else Tier.REVIEW


def _mark_next(scope: ClinicScope, contact: Contact, status: str, now: datetime) -> datetime | None:
    if contact.recovery is None:
        return None
    visit = tables.appointment
    asked_about = _visit_asked_about(scope, contact)
    following = (
        select(visit.c.id)
        .where(
            visit.c.clinic_id == scope.clinic_id,
            visit.c.episode_id == contact.recovery.episode_id,
            visit.c.starts_at > now,
            visit.c.status.in_(("booked", "confirmed", "change_asked")),
        )
        .order_by(case((cast(visit.c.id, Text) == (asked_about or ""), 0), else_=1), visit.c.starts_at)
        .limit(1)
        .scalar_subquery()
    )
    starts_at: datetime | None = scope.connection.execute(
        update(visit)
        .where(visit.c.clinic_id == scope.clinic_id, visit.c.id == following)
        .values(status=status)
        .returning(visit.c.starts_at)
    ).scalar()
    return starts_at


def _visit_asked_about(scope: ClinicScope, contact: Contact) -> str | None:
    """The visit that the open question is about, where a reminder asked it; it need not be the next one."""
    if contact.question != "appointment" or contact.question_message_id is None:
        return None
    message, reminder = tables.message, tables.reminder
    values = scope.connection.execute(
        select(reminder.c.text_values)
        .join(message, (message.c.clinic_id == reminder.c.clinic_id) & (message.c.reminder_id == reminder.c.id))
        .where(message.c.clinic_id == scope.clinic_id, message.c.id == contact.question_message_id)
    ).scalar()
    return None if values is None else str(values.get("visit"))
