"""Notice a blood thinner of which nobody said that it was started again: a nurse hears of it in time."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.check_in import local_day
from recovery_api.domain.medication_rules import NOT_RESTARTED
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.plan_thinner import settle_thinner, thinner_finding
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.set_aside import TROUBLE
from recovery_api.services.silence_facts import LEFT

BATCH = 100
LAST_TO_END = timedelta(hours=12)  # a day ends last twelve hours behind UTC
NO_ANSWER = "no answer came to our question"
NOT_ASKED = "no question could be put to the patient"


def watch_thinners(vaults: Vaults, now: datetime) -> int:
    """Flag every blood thinner whose day is over without an answer, as the rules say; returns how many."""
    return sum(_watch_or_say_so(clinic_id, vaults, now) for clinic_id in list_clinics())


def _watch_or_say_so(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    """A clinic that cannot be looked at keeps no other from its look."""
    try:
        return _watch_clinic(clinic_id, vaults, now)
    except TROUBLE as error:
        warn("thinners.left", clinic_id=str(clinic_id), error=type(error).__name__)
        return 0


def _watch_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        after = timedelta(days=rules_of(scope).event_rule(NOT_RESTARTED).parameters["days_after"])
        late = [row for row in _waiting(scope, now) if _day_of(scope, row, now) > row.restart_on + after]
        return sum(_flag_or_say_so(scope, row, now) for row in sorted(late[:BATCH], key=lambda row: row.episode_id))


def _day_of(scope: ClinicScope, row: AnyRow, now: datetime) -> date:
    """The patient's day; where the zone is none, the day that every zone has reached."""
    try:
        return local_day(now, ZoneInfo(row.zone))
    except (ValueError, LookupError) as error:
        _left(scope, row, error)
        return (now - LAST_TO_END).date()


def _flag_or_say_so(scope: ClinicScope, row: AnyRow, now: datetime) -> bool:
    try:
        with scope.savepoint():
            return _flag(scope, row, now)
    except TROUBLE as error:
        _left(scope, row, error)
        return False


def _left(scope: ClinicScope, row: AnyRow, error: Exception) -> None:
    warn("thinner.left", clinic_id=str(scope.clinic_id), episode_id=str(row.episode_id), error=type(error).__name__)


def _waiting(scope: ClinicScope, now: datetime) -> Sequence[AnyRow]:
    """The plans in force whose day has come, anywhere on earth, and of which nothing is known."""
    plan, episode, patient = tables.care_plan, tables.episode, tables.patient
    return scope.connection.execute(
        select(
            plan.c.id, plan.c.zone, plan.c.thinner_restart_on.label("restart_on"), plan.c.episode_id,
            episode.c.patient_id,
        )
        .join(episode, (episode.c.clinic_id == plan.c.clinic_id) & (episode.c.id == plan.c.episode_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .where(
            plan.c.clinic_id == scope.clinic_id,
            plan.c.replaced_at.is_(None),
            plan.c.thinner_restart_on <= now.date() + timedelta(days=1),
            plan.c.thinner_restart_on >= episode.c.started_on,
            plan.c.thinner_settled_at.is_(None),
            episode.c.status == "active",
            patient.c.status == "active",
        )
        .order_by(plan.c.thinner_restart_on, plan.c.id)
    ).all()  # fmt: skip


def _flag(scope: ClinicScope, row: AnyRow, now: datetime) -> bool:
    """The care plan before the turn of the flag (docs/operations.md): what was answered meanwhile is not told of."""
    subject = FlagSubject(episode_id=row.episode_id, patient_id=row.patient_id)
    if not settle_thinner(scope, row.id, now, started=None):
        return False
    finding = thinner_finding(scope, row.restart_on, NO_ANSWER if _was_asked(scope, row) else NOT_ASKED)
    page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
    return True


def _was_asked(scope: ClinicScope, row: AnyRow) -> bool:
    """Whether a question about this day has left."""
    reminder, message = tables.reminder, tables.message
    asked = (
        select(reminder.c.id)
        .join(message, (message.c.clinic_id == reminder.c.clinic_id) & (message.c.reminder_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == row.episode_id,
            reminder.c.question == "thinner",
            reminder.c.local_on >= row.restart_on,
            message.c.state.in_(LEFT),
        )
    )
    return scope.connection.execute(asked.limit(1)).first() is not None
