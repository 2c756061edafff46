"""A patient's word on the blood thinner: started again, or not, which a nurse hears of."""

from datetime import datetime

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.replies import Reply
from recovery_api.domain.tiers import Tier
from recovery_api.services.answer_scores import day_answered, to_a_person
from recovery_api.services.change_contact import ask_question, close_question
from recovery_api.services.find_contacts import Contact
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.plan_thinner import open_restart, settle_thinner, thinner_finding
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.say_how_soon import hours_until_call
from recovery_api.services.turn import Answered, Turn

NOT_YET = "the answer to our question is that it was not"


def thinner_started(turn: Turn) -> Answered:
    """It is taken again: noted on the care plan. A flag that stands already is left to people."""
    recovery = turn.contact.recovery
    plan = open_restart(turn.scope, recovery.episode_id) if recovery else None
    if plan is None:
        return to_a_person(turn)
    if _is_about_another_day(turn, plan):
        return _to_a_person(turn)
    if not settle_thinner(turn.scope, plan.id, turn.now, started=True):
        return to_a_person(turn)
    close_question(turn.scope, turn.contact)
    turn.say("thinner_started")
    return Answered("recorded")


def thinner_not_started(turn: Turn) -> Answered:
    """It is not: a nurse hears of it, and the patient when to expect the call."""
    recovery = turn.contact.recovery
    plan = open_restart(turn.scope, recovery.episode_id) if recovery else None
    if recovery is None or plan is None:
        return to_a_person(turn)
    if _is_about_another_day(turn, plan):
        return _to_a_person(turn)
    if not settle_thinner(turn.scope, plan.id, turn.now, started=False):
        return to_a_person(turn)
    finding = thinner_finding(turn.scope, plan.thinner_restart_on, NOT_YET)
    subject = FlagSubject(
        episode_id=recovery.episode_id,
        patient_id=turn.contact.patient_id,
        message_id=turn.arrival.message_id,
        quote=turn.arrival.body,
    )
    page_clinicians(turn.scope, raise_flags(turn.scope, subject, [finding], turn.now), turn.now)
    close_question(turn.scope, turn.contact)
    turn.say("thinner_not_started", h=hours_until_call(turn.scope, Tier(finding.tier), [finding], turn.now))
    return Answered("recorded")


def may_mean_thinner(scope: ClinicScope, contact: Contact, reply: Reply, now: datetime) -> bool:
    """Whether a bare 1 or 2 beside the letters, as after a jump of pain, may answer the question about the thinner."""
    if reply.choice not in (1, 2) or contact.recovery is None or contact.open_question(now) != "symptoms":
        return False
    plan = open_restart(scope, contact.recovery.episode_id)
    if plan is None or plan.thinner_settled_at is not None:
        return False
    return bool(plan.thinner_restart_on <= local_day(now, contact.zone))


def _is_about_another_day(turn: Turn, plan: AnyRow) -> bool:
    """Whether the question was asked before the day was named that the care plan has now."""
    asked_at, on = turn.contact.asked_at, turn.contact.question_on
    named_later = plan.named_at is not None and asked_at is not None and asked_at < plan.named_at
    return named_later or (on is not None and on < plan.thinner_restart_on)


def _to_a_person(turn: Turn) -> Answered:
    """A person reads it; the question stays the one of then, so that no later text answers it for the new day."""
    contact = turn.contact
    if contact.times_asked < 2 and contact.question is not None:
        asked_at, on = contact.asked_at or turn.now, contact.question_on or day_answered(turn)
        ask_question(turn.scope, contact, contact.question, on, asked_at, times_asked=2)
        turn.say("unread_to_person")
    return Answered("for_a_person", needs_person=True)
