"""Answer a report: say the score back with how to mend it, ask what is missing once, and danger before all else."""

import re
from datetime import date

from recovery_api.domain.check_in import local_day
from recovery_api.domain.lifelines import danger_text
from recovery_api.domain.tiers import Tier
from recovery_api.services.answer_clinician import replies_to_clinician
from recovery_api.services.change_contact import ask_question, close_unless_thinner
from recovery_api.services.say_how_soon import hours_until_call
from recovery_api.services.turn import Answered, Turn

_DIGITS = re.compile(r"\d+")
_QUESTIONS_AGAIN = {
    "symptoms": "check_in_symptoms",
    "activity": "check_in_minutes",
    "medication": "check_in_pills",
    "thinner": "thinner_again",
}


def day_answered(turn: Turn) -> date:
    """The day whose question this text answers; today where none is open."""
    contact, written_at = turn.contact, turn.arrival.sent_at or turn.now
    if contact.late_on is not None:
        return contact.late_on
    if contact.open_question(written_at) is not None and contact.question_on is not None:
        return contact.question_on
    return local_day(written_at, contact.zone)


def answer_danger(turn: Turn) -> Answered:
    """Danger is answered with what to do, at any hour, whatever else the text says; a score beside it is said back."""
    close_unless_thinner(turn.scope, turn.contact, turn.now)
    pain = turn.reply.pain if turn.recorded else None
    key = danger_text(turn.tier or Tier.URGENT, turn.reply.symptoms, turn.scope.emergency_number)
    if key != "urgent":
        _say_danger(turn, key, pain)
    elif pain is not None and turn.reply.tier is None:
        turn.say("saved_worse", purpose="safety", n=str(pain), h=_hours(turn, Tier.URGENT))
    else:
        _say_danger(turn, key, pain, h=_hours(turn, Tier.URGENT))
    return Answered("recorded" if turn.recorded else "for_a_person", needs_person=turn.recorded is None)


def _hours(turn: Turn, tier: Tier) -> str:
    return hours_until_call(turn.scope, tier, turn.recorded.findings if turn.recorded else (), turn.now)


def _say_danger(turn: Turn, text_key: str, pain: int | None, **values: str) -> None:
    if pain is None:
        turn.say(text_key, purpose="safety", **values)
    else:
        turn.say(f"{text_key}_saved", purpose="safety", n=str(pain), **values)


def saved(turn: Turn) -> Answered:
    """A score was saved: say it back, and ask for symptoms where the protocol wants them."""
    if turn.recorded is None:
        return to_a_person(turn)
    close_unless_thinner(turn.scope, turn.contact, turn.now)
    pain, low = str(turn.reply.pain), _low_end(turn)
    mended = turn.recorded.version > 1
    if turn.contact.question == "pain" and not mended and _asks_symptoms(turn.recorded.day):
        ask_question(turn.scope, turn.contact, "symptoms", day_answered(turn), turn.now)
        turn.say("saved_then_symptoms", n=pain)
    elif turn.recorded.jumped:
        ask_question(turn.scope, turn.contact, "symptoms", day_answered(turn), turn.now)
        turn.say("saved_jump", n=pain)
    elif Tier.TODAY in (turn.reply.tier, turn.tier):
        turn.say("saved_worse", n=pain, h=_hours(turn, Tier.TODAY))
    elif mended:
        turn.say("saved_mended", n=pain)
    elif low is not None:
        turn.say("saved_range", a=str(low), b=pain)
    else:
        turn.say("saved", n=pain)
    return Answered("recorded")


def _low_end(turn: Turn) -> int | None:
    """The lower of two numbers, of which the higher was saved; None where the text has no such two in digits."""
    if turn.reply.qualifier != "range":
        return None
    numbers = [int(digits) for digits in _DIGITS.findall(turn.arrival.body)]
    return min(numbers) if len(numbers) == 2 and max(numbers) == turn.reply.pain else None


def _asks_symptoms(day: int) -> bool:
    """The symptom question follows the score daily to day 14, weekly to day 42, then always (shipped protocol).

    By then a week or more lies between two scores, and more than half of the new fractures come within the year.
    """
    return 0 <= day <= 14 or day % 7 == 0 or day > 42


def saved_symptoms(turn: Turn) -> Answered:
    """Anything but a score was saved."""
    if turn.recorded is None:
        return to_a_person(turn)
    close_unless_thinner(turn.scope, turn.contact, turn.now)
    turn.say("saved_symptoms")
    return Answered("recorded")


def ask_again(turn: Turn) -> Answered:
    """Ask one short question back; where that was done already, or a picture came alone, a person reads it."""
    if turn.contact.state == "invited":  # "no thanks", "ok": who has not joined is asked for nothing but that
        return to_a_person(turn)
    if turn.reply.qualifier == "thanks" and turn.tier is None:
        return Answered("thanked")
    if turn.arrival.media and not turn.arrival.body.strip():
        return to_a_person(turn)
    if turn.contact.state == "opted_out":  # nothing can be asked back: it may be the wish to have the texts again
        return Answered("for_a_person", needs_person=True)
    question = turn.contact.open_question(turn.now)
    if question is not None and turn.contact.times_asked >= 1:
        return to_a_person(turn)
    if turn.reply.suggest is None and replies_to_clinician(turn.contact, turn.arrival.sent_at or turn.now):
        return to_a_person(turn)
    return _ask_back(turn, question)


def _ask_back(turn: Turn, question: str | None) -> Answered:
    again = question if question in _QUESTIONS_AGAIN else "pain"
    ask_question(turn.scope, turn.contact, again, day_answered(turn), turn.now, times_asked=1)
    suggest = turn.reply.suggest if turn.reply.suggest is not None or question != "appointment" else turn.reply.choice
    if again in _QUESTIONS_AGAIN:
        turn.say(_QUESTIONS_AGAIN[again])
    elif suggest is not None:
        turn.say("ask_suggestion", n=str(suggest))
    else:
        turn.say("ask_pain_again")
    return Answered("asked_again")


def to_a_person(turn: Turn) -> Answered:
    """A person reads it, and the patient is told so once."""
    if turn.contact.times_asked < 2:
        question = turn.contact.open_question(turn.now) or "pain"
        ask_question(turn.scope, turn.contact, question, day_answered(turn), turn.now, times_asked=2)
        turn.say("unread_to_person")
    return Answered("for_a_person", needs_person=True)
