"""Tell who was reminded of a visit that it was moved or called off: a reminder beside those of the plan."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from recovery_api.db import ClinicScope
from recovery_api.domain.consent import next_window
from recovery_api.domain.schedule import PlannedReminder
from recovery_api.domain.visit_news import CALLED_OFF, news_slot
from recovery_api.models import tables
from recovery_api.services.call_with_news import call_with_news, renew_call
from recovery_api.services.plan_reminders import add_reminders, plan_facts
from recovery_api.services.raise_flags import FlagSubject
from recovery_api.services.read_today import Visit

IN_TIME = timedelta(hours=2)  # before a visit, for somebody who has to get ready and come
_STAYED = ("suppressed", "expired", "rejected", "canceled")


def tell_visit_news(scope: ClinicScope, visit: Visit, was_at: datetime, patient_id: UUID, now: datetime) -> None:
    """Plan the news of a visit that was moved from `was_at`, or called off, for the patient's next hours for texts.

    Nothing is planned where nobody was told of it before, or where the plan itself names the new time on that day.
    Where the visit, at its old time or its new one, would be near or over by then, somebody calls. A call that waits
    for somebody already names the new time in any case. Nobody is told of who left or died.
    """
    slot, recovery = news_slot(visit.id, visit.sequence), FlagSubject(visit.episode_id, patient_id)
    is_called = renew_call(scope, recovery, slot, now)
    facts = plan_facts(scope, visit.episode_id)
    zone = ZoneInfo(facts.zone)
    due_at, expires_at = next_window(now, zone)
    on = due_at.astimezone(zone).date()
    reminder = tables.reminder
    told = scope.connection.execute(_told_of(scope, visit)).first()
    ahead = scope.connection.execute(
        _of_visit(scope, visit).where(
            reminder.c.state == "planned", reminder.c.local_on == on, reminder.c.slot == str(visit.id)
        )
    ).first()
    if told is None or ahead is not None or visit.starts_at <= now or facts.patient_status != "active":
        return
    comes_at = min(at for at in (visit.starts_at, was_at) if at > now)
    if comes_at - due_at < IN_TIME:
        if not is_called:
            call_with_news(scope, recovery, slot, now)
        return
    text_key, question = (CALLED_OFF, None) if visit.status == "cancelled" else ("visit_coming", "appointment")
    values = _values(visit, zone)
    news = PlannedReminder("follow_up_visit", on, slot, due_at, expires_at, text_key, question, values)
    add_reminders(scope, facts, [news])


def _values(visit: Visit, zone: ZoneInfo) -> dict[str, str]:
    local = visit.starts_at.astimezone(zone)
    return {"visit": str(visit.id), "date": local.date().isoformat(), "time": f"{local:%H:%M}"}


def _told_of(scope: ClinicScope, visit: Visit) -> Select[tuple[str]]:
    """Reminders of a visit whose texts left or may yet, were taken back as they waited, or were not needed any more.

    Who has a landline was told by a person.
    """
    reminder, message = tables.reminder, tables.message
    stayed = select(message.c.id).where(
        message.c.clinic_id == scope.clinic_id, message.c.reminder_id == reminder.c.id, message.c.state.in_(_STAYED)
    )
    left = (reminder.c.state == "handed_over") & ~stayed.exists()
    taken_back = (reminder.c.state == "replaced") & (reminder.c.due_at <= reminder.c.settled_at)
    known = (reminder.c.state == "skipped") & reminder.c.why.in_(("confirmed", "voice_only"))
    return _of_visit(scope, visit).where(left | taken_back | known)


def _of_visit(scope: ClinicScope, visit: Visit) -> Select[tuple[str]]:
    reminder = tables.reminder
    return select(reminder.c.slot).where(
        reminder.c.clinic_id == scope.clinic_id,
        reminder.c.episode_id == visit.episode_id,
        reminder.c.kind == "follow_up_visit",
        reminder.c.slot.startswith(str(visit.id)),
    )
