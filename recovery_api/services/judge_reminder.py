"""Judge a reminder that falls due: is it still in time and still needed, in which words, and for whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.protocol import TEXTS_A_DAY
from recovery_api.domain.protocol_steps import NO_THINNER_DAY, NOT_TOLD_YET, THINNER_OPEN
from recovery_api.domain.silence_ladder import missed_in_a_row
from recovery_api.domain.visit_news import CALLED_OFF, is_old_news
from recovery_api.models import tables
from recovery_api.services.answer_questionnaire import list_due
from recovery_api.services.find_protocol import pinned_protocol
from recovery_api.services.lessons_told import lesson_to_give_way, was_told
from recovery_api.services.plan_thinner import open_restart
from recovery_api.services.silence_facts import days_asked, last_heard, texts_of_day, wrote_since_asked

_LAST_REMINDER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a reminder: `why` it is left out, or its words, whose phone is preferred, and by call or text."""

    text_key: str = ""
    question: str | None = None
    audience: str = "patient"
    by: str = "text"
    why: str | None = None
    instead_of: UUID | None = None  # a lesson of the same day, for which there is no room then


def judge_reminder(scope: ClinicScope, row: AnyRow, now: datetime) -> Verdict:
    """The verdict on one due reminder, joined with its episode, patient, protocol and one phone, if there is any."""
    why = _why_not(row, now)
    if why is not None:
        return Verdict(why=why)
    if row.kind == "nudge":
        return _on_nudge(scope, row)
    if row.kind == "follow_up_visit":
        return _on_visit(scope, row, now)
    if row.condition is not None and not _holds(scope, row, now):
        return Verdict(why="needless")
    return Verdict(row.text_key, row.question, row.audience)


def _why_not(row: AnyRow, now: datetime) -> str | None:
    if now >= row.expires_at:
        return "too_late"
    if row.episode_status != "active" or row.patient_status != "active":
        return "episode_not_active"
    return "no_phone" if row.phone_sealed is None else None


def _holds(scope: ClinicScope, row: AnyRow, now: datetime) -> bool:
    """Whether the condition of a reminder is met."""
    if row.condition == "baseline_missing":
        return row.baseline_pain is None
    if row.condition == "form_due":
        return bool(list_due(scope, row.patient_id, now))
    if row.condition == NO_THINNER_DAY:
        return True
    if row.condition == THINNER_OPEN:
        plan = open_restart(scope, row.episode_id)
        return plan is not None and plan.thinner_settled_at is None
    if row.condition == NOT_TOLD_YET:
        return not was_told(scope, row.episode_id, row.text_key)
    visit = tables.appointment
    ahead = select(visit.c.id).where(
        visit.c.clinic_id == scope.clinic_id,
        visit.c.episode_id == row.episode_id,
        visit.c.starts_at > now,
        visit.c.status.in_(("booked", "confirmed", "change_asked")),
    )
    return scope.connection.execute(ahead.limit(1)).first() is None


def _on_visit(scope: ClinicScope, row: AnyRow, now: datetime) -> Verdict:
    """Who has confirmed a visit is not asked again, only reminded of it at the end."""
    visit, named = tables.appointment, row.text_values.get("visit")
    if named is None:
        return Verdict(row.text_key, row.question, row.audience)
    found = scope.connection.execute(
        select(visit.c.status, visit.c.starts_at, visit.c.sequence).where(
            visit.c.clinic_id == scope.clinic_id, visit.c.id == UUID(named)
        )
    ).one_or_none()
    why = _why_no_visit(row, found, now)
    if found is None or why is not None:
        return Verdict(why=why)
    if found.status in ("booked", "cancelled"):
        return Verdict(row.text_key, row.question, row.audience)
    if found.status == "change_asked":
        return Verdict(why="change_asked")
    if found.starts_at - now > _LAST_REMINDER:
        return Verdict(why="confirmed")
    return Verdict("visit_tomorrow", None, row.audience)


def _why_no_visit(row: AnyRow, found: AnyRow | None, now: datetime) -> str | None:
    """Why nothing is told of a visit: it is over or off, or was changed once more since."""
    if found is None or found.starts_at <= now:
        return "visit_off"
    if is_old_news(row.slot, found.sequence):
        return "visit_moved"
    told_of = ("cancelled",) if row.text_key == CALLED_OFF else ("booked", "confirmed", "change_asked")
    return None if found.status in told_of else "visit_off"


def _on_nudge(scope: ClinicScope, row: AnyRow) -> Verdict:
    """A question that was answered, or never arrived, is not asked again; else as the protocol's ladder says."""
    ladder = pinned_protocol(scope, row.protocol_id, row.protocol_version).silence
    is_same_day = row.slot == "day"
    on = row.local_on if is_same_day else row.local_on - timedelta(days=1)
    asked, heard = days_asked(scope, row.episode_id), last_heard(scope, row.episode_id)
    missed = missed_in_a_row(asked, heard, on)
    if ladder is None or on not in missed or wrote_since_asked(scope, row.episode_id, on):
        return Verdict(why="not_asked" if on not in asked else "answered")
    lesson = None
    if texts_of_day(scope, row.episode_id, row.local_on) >= TEXTS_A_DAY:
        lesson = lesson_to_give_way(scope, row.episode_id, row.local_on, row.due_at)
        if lesson is None:
            return Verdict(why="enough_today")
    rung = ladder.rung(len(missed) - 1 if is_same_day else len(missed))
    return Verdict(rung.text_key, "pain", rung.audience, rung.by, instead_of=lesson)
