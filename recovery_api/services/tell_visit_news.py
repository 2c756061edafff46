"""Tell who was reminded of a visit that it was moved or called off: a reminder beside those of the plan."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from recovery_api.db import ClinicScope
from recovery_api.domain.consent import next_window
from recovery_api.domain.schedule import PlannedReminder
from recovery_api.models import tables
from recovery_api.services.plan_reminders import add_reminders, plan_facts
from recovery_api.services.read_today import Visit

MARK = "/"  # in the slot, between the visit and how often it was changed: no plan has such a slot
CALLED_OFF = "visit_off"


def tell_visit_news(scope: ClinicScope, visit: Visit, now: datetime) -> None:
    """Plan the news of a visit that was moved or called off for the patient's next hours for texts.

    Nothing is planned where nobody was told of it before, where the plan itself names the new time on that day, or
    where the visit would be over by then.
    """
    facts = plan_facts(scope, visit.episode_id)
    zone = ZoneInfo(facts.zone)
    due_at, expires_at = next_window(now, zone)
    on, local = due_at.astimezone(zone).date(), visit.starts_at.astimezone(zone)
    reminder = tables.reminder
    told = scope.connection.execute(_of_visit(scope, visit).where(reminder.c.state == "handed_over")).first()
    ahead = scope.connection.execute(
        _of_visit(scope, visit).where(reminder.c.state == "planned", reminder.c.local_on == on, reminder.c.due_at > now)
    ).first()
    if told is None or (ahead is not None and MARK not in ahead.slot) or due_at >= visit.starts_at:
        return
    values = {"visit": str(visit.id), "date": local.date().isoformat(), "time": f"{local:%H:%M}"}
    slot = f"{visit.id}{MARK}{visit.sequence}"
    is_off = visit.status == "cancelled"
    text_key, question = (CALLED_OFF, None) if is_off else ("visit_coming", "appointment")
    news = PlannedReminder("follow_up_visit", on, slot, due_at, expires_at, text_key, question, values)
    add_reminders(scope, facts, [news])


def is_old_news(slot: str, sequence: int) -> bool:
    """Whether a reminder tells of an earlier change than the last of a visit that was changed `sequence` times."""
    return MARK in slot and slot.partition(MARK)[2] != str(sequence)


def _of_visit(scope: ClinicScope, visit: Visit) -> Select[tuple[str]]:
    reminder = tables.reminder
    return select(reminder.c.slot).where(
        reminder.c.clinic_id == scope.clinic_id,
        reminder.c.episode_id == visit.episode_id,
        reminder.c.kind == "follow_up_visit",
        reminder.c.slot.startswith(str(visit.id)),
    )
