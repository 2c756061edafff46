"""A patient's word on the blood thinner: started again, or not, which a nurse hears of."""

from recovery_api.domain.tiers import Tier
from recovery_api.services.answer_scores import to_a_person
from recovery_api.services.change_contact import close_question
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
    settle_thinner(turn.scope, plan.id, turn.now, started=True)
    close_question(turn.scope, turn.contact)
    turn.say("thinner_started")
    return Answered("recorded")


def thinner_not_started(turn: Turn) -> Answered:
    """It is not: a nurse hears of it, and the patient when to expect the call."""
    recovery = turn.contact.recovery
    plan = open_restart(turn.scope, recovery.episode_id) if recovery else None
    if recovery is None or plan is None:
        return to_a_person(turn)
    finding = thinner_finding(turn.scope, plan.thinner_restart_on, NOT_YET)
    subject = FlagSubject(
        episode_id=recovery.episode_id,
        patient_id=turn.contact.patient_id,
        message_id=turn.arrival.message_id,
        quote=turn.arrival.body,
    )
    page_clinicians(turn.scope, raise_flags(turn.scope, subject, [finding], turn.now), turn.now)
    settle_thinner(turn.scope, plan.id, turn.now, started=False)
    close_question(turn.scope, turn.contact)
    turn.say("thinner_not_started", h=hours_until_call(turn.scope, Tier(finding.tier), [finding], turn.now))
    return Answered("recorded")
