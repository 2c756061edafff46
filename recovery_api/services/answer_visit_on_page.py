"""Confirm or change the next visit on the page behind a link, and take it into a calendar."""

from dataclasses import dataclass
from datetime import datetime

from recovery_api.db import AnyRow, ClinicScope, Vaults
from recovery_api.domain.errors import NotFound
from recovery_api.services.answer_visit import VisitWords, visit_words
from recovery_api.services.answer_web_check_in import entered_check_in
from recovery_api.services.book_visits import ask_to_change_visit_by_id, confirm_visit_by_id
from recovery_api.services.find_recovery import find_recovery_of
from recovery_api.services.open_web_check_in import Door
from recovery_api.services.read_today import Visit, list_visits
from recovery_api.services.record_audit import Actor
from recovery_api.services.visit_calendar import visit_calendar

OPEN = ("booked", "confirmed", "change_asked")


@dataclass(frozen=True, slots=True)
class VisitRead:
    """The next visit as a page shows it; None where there is none ahead."""

    door: Door
    status: str | None
    when: VisitWords | None


def read_visit(session: str, vaults: Vaults, now: datetime) -> VisitRead:
    """The next visit of a session's patient. Raises Unauthenticated where the session is worth nothing."""
    with entered_check_in("web_session", session, vaults) as (scope, row):
        return _read(scope, row, _next(scope, row, now))


def answer_visit(session: str, said: str, vaults: Vaults, now: datetime) -> VisitRead:
    """Confirm the next visit, or ask for another time, which puts it before the clinic.

    Raises Unauthenticated, or Conflict where it is over by now; without a visit nothing happens.
    """
    with entered_check_in("web_session", session, vaults) as (scope, row):
        visit = _next(scope, row, now)
        if visit is None:
            return _read(scope, row, None)
        deed = confirm_visit_by_id if said == "confirm" else ask_to_change_visit_by_id
        return _read(scope, row, deed(scope, visit.id, Actor("patient", row.patient_id), now))


def visit_file(session: str, vaults: Vaults, now: datetime) -> str:
    """The next visit as a calendar entry. Raises Unauthenticated, or NotFound where none is ahead."""
    with entered_check_in("web_session", session, vaults) as (scope, row):
        visit = _next(scope, row, now)
        if visit is None:
            raise NotFound("No visit is ahead.")
        return visit_calendar(visit, scope.name, scope.phone, row.language, now)


def _next(scope: ClinicScope, row: AnyRow, now: datetime) -> Visit | None:
    ahead = (one for one in list_visits(scope, row.patient_id) if one.starts_at > now and one.status in OPEN)
    return next((one for one in ahead if one.episode_id == row.episode_id), None)


def _read(scope: ClinicScope, row: AnyRow, visit: Visit | None) -> VisitRead:
    door = Door(scope.name, scope.phone, scope.emergency_number, row.language, asks=row.asks)
    if visit is None:
        return VisitRead(door, None, None)
    zone = find_recovery_of(scope, row.episode_id).zone
    return VisitRead(door, visit.status, visit_words(visit.starts_at, zone, row.language))
