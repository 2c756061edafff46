"""Notice a blood thinner of which nobody said that it was started again: a nurse hears of it in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.check_in import local_day
from recovery_api.domain.medication_rules import NOT_RESTARTED
from recovery_api.models import tables
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.plan_thinner import settle_thinner, thinner_finding
from recovery_api.services.raise_flags import FlagSubject, raise_flags, take_turn
from recovery_api.services.silence_facts import LEFT

BATCH = 100
NO_ANSWER = "no answer came to our question"
NOT_ASKED = "no question could be put to the patient"


def watch_thinners(vaults: Vaults, now: datetime) -> int:
    """Flag every blood thinner whose day is over without an answer, as the rules say; returns how many."""
    return sum(_watch_clinic(clinic_id, vaults, now) for clinic_id in list_clinics())


def _watch_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        after = timedelta(days=rules_of(scope).event_rule(NOT_RESTARTED).parameters["days_after"])
        late = [row for row in _waiting(scope, now) if local_day(now, ZoneInfo(row.zone)) > row.restart_on + after]
        return sum(_flag(scope, row, now) for row in late[:BATCH])


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
            plan.c.thinner_settled_at.is_(None),
            episode.c.status == "active",
            patient.c.status == "active",
        )
        .order_by(plan.c.thinner_restart_on, plan.c.id)
    ).all()  # fmt: skip


def _flag(scope: ClinicScope, row: AnyRow, now: datetime) -> bool:
    """The turn of the recovery first, as a text takes it: what was answered meanwhile is not asked about."""
    subject = FlagSubject(episode_id=row.episode_id, patient_id=row.patient_id)
    take_turn(scope, subject)
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
