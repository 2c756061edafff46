"""Who was not asked two days in a row, because no text left or arrived: nobody's silence, and a person calls."""

from datetime import datetime

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.escalation import assess_event
from recovery_api.domain.readings import Grounds
from recovery_api.models import tables
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags

_WAITING = ("planned", "throttled")
_NOT_ARRIVED = ("expired", "rejected", "failed", "undelivered")


def flag_never_asked(scope: ClinicScope, question: AnyRow, now: datetime) -> None:
    """Flag a recovery whose question of this day stayed here, and that of the day before did not arrive either.

    `question` has the local day, the recovery and the patient. What fails at the carrier is flagged when it says so.
    """
    reminder, message = tables.reminder, tables.message
    last = scope.connection.execute(
        select(message.c.state, message.c.expires_at)
        .join(reminder, (reminder.c.clinic_id == message.c.clinic_id) & (reminder.c.id == message.c.reminder_id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == question.episode_id,
            reminder.c.kind == "check_in",
            reminder.c.state == "handed_over",
            reminder.c.local_on <= question.local_on,
        )
        .order_by(reminder.c.local_on.desc(), message.c.created_at.desc())
        .limit(2)
    ).all()
    states = ["expired" if row.state in _WAITING and row.expires_at <= now else row.state for row in last]
    if len(states) < 2 or states[0] != "expired" or states[1] not in _NOT_ARRIVED:
        return
    finding = assess_event(rules_of(scope), "texts_not_arriving", Grounds(inputs={"code": None}))
    subject = FlagSubject(episode_id=question.episode_id, patient_id=question.patient_id)
    page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
