"""What it will change to move a procedure to another day, counted before anybody moves it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, func, select

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.errors import Invalid
from recovery_api.models import tables
from recovery_api.services.find_recovery import RunningRecovery, find_recovery
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.plan_thinner import open_restart
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.start_episode import FOLLOW_UP, check_performed_on


@dataclass(frozen=True, slots=True)
class Movable:
    """Somebody whose recovery is running, and the day of the procedure as it is."""

    given_name: str
    family_name: str
    born_on: date
    performed_on: date
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Move:
    """What a move changes: `day` is today counted from the new day, the rest is how many of each there are."""

    to: date
    day: int
    ends_on: date
    answers: int
    texts_to_come: int
    texts_sent: int
    visits_ahead: int
    clears_restart: bool  # there is a day for a blood thinner, of which a person must name a new one


def read_movable(scope: ClinicScope, patient_id: UUID, viewer: Actor, now: datetime) -> Movable:
    """Whose procedure may be moved; the look is audited. Raises NotFound where no recovery is running."""
    running, [known] = find_recovery(scope, patient_id), read_patients(scope, [patient_id])
    record_audit(scope, viewer, "patient.viewed", ("patient", patient_id), now, patient_id)
    return Movable(known.given_name, known.family_name, known.born_on, running.recovery.procedure_on, running.zone)


def preview_move(scope: ClinicScope, patient_id: UUID, to: date, now: datetime) -> Move:
    """What a move to another day would change; nothing is changed. Raises Invalid or NotFound."""
    running = find_recovery(scope, patient_id)
    check_performed_on(to, now)
    if to == running.recovery.procedure_on:
        raise Invalid("is the day that it has already", field="procedure.performed_on")
    reminder, check_in, visit = tables.reminder, tables.check_in, tables.appointment
    is_ahead = visit.c.status.in_(("booked", "confirmed", "change_asked"))
    return Move(
        to=to,
        day=(local_day(now, running.zone) - to).days,
        ends_on=to + FOLLOW_UP,
        answers=_count(scope, running, check_in),
        texts_to_come=_count(scope, running, reminder, reminder.c.state == "planned", reminder.c.due_at > now),
        texts_sent=_count(scope, running, reminder, reminder.c.state == "handed_over"),
        visits_ahead=_count(scope, running, visit, visit.c.starts_at > now, is_ahead),
        clears_restart=open_restart(scope, running.recovery.episode_id) is not None,
    )


def _count(scope: ClinicScope, running: RunningRecovery, table: Table, *wanted: ColumnElement[bool]) -> int:
    """How many things of the recovery there are, each once however many versions it has."""
    of_recovery = (table.c.clinic_id == scope.clinic_id, table.c.episode_id == running.recovery.episode_id)
    chosen = select(func.count(table.c.id.distinct())).where(*of_recovery, *wanted)
    return int(scope.connection.execute(chosen).scalar_one())
