"""Act on a text whose sender is known: record its facts, then do what its intent asks and answer once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import CheckInFacts, local_day
from recovery_api.domain.replies import READER_VERSION, Reply
from recovery_api.domain.tiers import Tier
from recovery_api.services.answer_visit import ask_to_change_visit, confirm_visit
from recovery_api.services.change_contact import ask_question, close_question, restart_texts, stop_texts
from recovery_api.services.find_contacts import Contact
from recovery_api.services.record_check_in import Recorded, Report, record_check_in
from recovery_api.services.turn import OPTED_OUT, SAFETY_TEXTS, URGENT_HOURS, Answered, Arrival, Turn, flag_for_person


def answer_text(scope: ClinicScope, contact: Contact, arrival: Arrival, reply: Reply, now: datetime) -> Answered:
    """Record what the text reports, act on its intent, and queue at most one answer."""
    recorded = _record(scope, contact, arrival, reply, now)
    turn = Turn(scope, contact, arrival, reply, now, recorded)
    if recorded is None and reply.tier is not None and (reply.tier in SAFETY_TEXTS or reply.symptoms):
        flag_for_person(
            turn, "danger_without_recovery", reply.tier, f"No recovery is running: {reply.because}", "red_flag"
        )
    act = _ACTIONS.get(reply.intent, _ask_again)
    if turn.tier in SAFETY_TEXTS and act in _ANSWERS_TO_QUESTIONS:
        return _answer_danger(turn)
    return act(turn)


def _record(scope: ClinicScope, contact: Contact, arrival: Arrival, reply: Reply, now: datetime) -> Recorded | None:
    """A check-in of everything that the text reports, where it reports anything."""
    if contact.recovery is None or not _reports(reply):
        return None
    facts = CheckInFacts(
        pain=reply.pain,
        symptoms=tuple(sorted(reply.symptoms)),
        answered_symptoms=True,
        minutes_walked=min(reply.minutes, 1440) if reply.minutes is not None else None,
        pills_total=min(reply.pills, 100) if reply.pills is not None else None,
    )
    report = Report(
        facts=facts,
        channel="sms",
        recorded_at=arrival.sent_at or now,
        local_on=_day_answered(contact, now),
        answered_by=contact.whose,
        message_id=arrival.message_id,
        quote=arrival.body,
        qualifier=reply.qualifier,
        words_tier=reply.tier,
        words_because=reply.because,
        reader_version=READER_VERSION,
    )
    return record_check_in(scope, contact.recovery, report, now)


def _reports(reply: Reply) -> bool:
    facts = (reply.pain, reply.minutes, reply.pills)
    return reply.intent == "symptoms" or bool(reply.symptoms or reply.tier) or any(f is not None for f in facts)


def _day_answered(contact: Contact, now: datetime) -> date:
    """The day whose question this answers; today where none is open."""
    if contact.open_question(now) is not None and contact.question_on is not None:
        return contact.question_on
    return local_day(now, contact.zone)


def _answer_danger(turn: Turn) -> Answered:
    """Danger is answered with what to do, at any hour, whatever else the text says."""
    close_question(turn.scope, turn.contact)
    if turn.tier is Tier.EMERGENCY:
        turn.say("emergency", purpose="safety")
    elif turn.reply.pain is not None and turn.reply.tier is None:
        turn.say("saved_worse", purpose="safety", n=str(turn.reply.pain), h=URGENT_HOURS)
    else:
        turn.say("urgent", purpose="safety", h=URGENT_HOURS)
    return Answered("recorded" if turn.recorded else "for_a_person", needs_person=turn.recorded is None)


def _saved(turn: Turn) -> Answered:
    if turn.recorded is None:
        return _to_a_person(turn)
    close_question(turn.scope, turn.contact)
    reply, pain = turn.reply, str(turn.reply.pain)
    if turn.contact.question == "pain" and _asks_symptoms(turn.recorded.day):
        ask_question(turn.scope, turn.contact, "symptoms", _day_answered(turn.contact, turn.now), turn.now)
        turn.say("saved_then_symptoms", n=pain)
    elif reply.tier is Tier.TODAY or turn.tier is Tier.TODAY:
        turn.say("saved_worse", n=pain, h="24")
    else:
        turn.say("saved", n=pain)
    return Answered("recorded")


def _asks_symptoms(day: int) -> bool:
    """The symptom question follows the score daily to day 14 and weekly afterwards (shipped protocol)."""
    return 0 <= day <= 14 or day % 7 == 0


def _saved_symptoms(turn: Turn) -> Answered:
    if turn.recorded is None:
        return _to_a_person(turn)
    close_question(turn.scope, turn.contact)
    turn.say("saved_symptoms")
    return Answered("recorded")


def _ask_again(turn: Turn) -> Answered:
    """Ask one short question back; where that was done already, or a picture came alone, a person reads it."""
    if turn.reply.qualifier == "thanks" and turn.tier is None:
        return Answered("thanked")
    if turn.arrival.media and not turn.arrival.body.strip():
        return _to_a_person(turn)
    recently = turn.contact.open_question(turn.now) is not None
    if recently and turn.contact.times_asked >= 1:
        return _to_a_person(turn)
    question = turn.contact.open_question(turn.now) or "pain"
    day = _day_answered(turn.contact, turn.now)
    ask_question(turn.scope, turn.contact, question, day, turn.now, times_asked=1)
    if question == "symptoms":
        turn.say("check_in_symptoms")
    elif turn.reply.suggest is not None:
        turn.say("ask_suggestion", n=str(turn.reply.suggest))
    else:
        turn.say("ask_pain_again")
    return Answered("asked_again")


def _to_a_person(turn: Turn) -> Answered:
    if turn.contact.times_asked < 2:
        ask_question(turn.scope, turn.contact, turn.contact.question or "pain",
                     _day_answered(turn.contact, turn.now), turn.now, times_asked=2)  # fmt: skip
        turn.say("unread_to_person")
    return Answered("for_a_person", needs_person=True)


def _opt_out(turn: Turn) -> Answered:
    """Stop at once. The carrier itself confirms a one-word STOP; anything longer, or with danger in it, we do."""
    stop_texts(turn.scope, turn.contact, "opted_out", turn.arrival.message_id, turn.now)
    flag_for_person(turn, "opted_out", Tier.TODAY, OPTED_OUT, "delivery")
    if turn.tier is not None or len(turn.arrival.body.split()) > 1:
        turn.say("stopped", purpose="service")
    return Answered("opted_out", needs_person=True)


def _opt_in(turn: Turn) -> Answered:
    restart_texts(turn.scope, turn.contact, turn.arrival.message_id, turn.now)
    return Answered("opted_in")


def _help(turn: Turn) -> Answered:
    turn.say("help", purpose="service")
    return Answered("helped", needs_person=True)


def _call_me(turn: Turn) -> Answered:
    flag_for_person(turn, "call_asked", Tier.TODAY, "Asks for a call")
    turn.say("call_back")
    return Answered("call_asked", needs_person=True)


def _wrong_person(turn: Turn) -> Answered:
    """A pause and a flag; where the text answers our questions, it is an answer and only a person may doubt it."""
    flag_for_person(turn, "says_wrong_number", Tier.TODAY, "Somebody on this phone says that it is the wrong number")
    if turn.answers:
        return replace(_as_answer(turn), needs_person=True)
    stop_texts(turn.scope, turn.contact, "wrong_person", turn.arrival.message_id, turn.now)
    turn.say("wrong_person", purpose="service")
    return Answered("wrong_person", needs_person=True)


def _deceased(turn: Turn) -> Answered:
    """The same for a death: it may be somebody else's, and only a clinician may believe it."""
    flag_for_person(turn, "reported_deceased", Tier.TODAY, "Somebody on this phone says that the patient has died")
    if turn.answers:
        return replace(_as_answer(turn), needs_person=True)
    stop_texts(turn.scope, turn.contact, "deceased", turn.arrival.message_id, turn.now)
    turn.say("deceased", purpose="service")
    return Answered("deceased", needs_person=True)


def _as_answer(turn: Turn) -> Answered:
    if turn.tier in SAFETY_TEXTS:
        return _answer_danger(turn)
    return _saved(turn) if turn.reply.pain is not None else _saved_symptoms(turn)


def _visit_confirmed(turn: Turn) -> Answered:
    visit = confirm_visit(turn.scope, turn.contact, turn.now)
    close_question(turn.scope, turn.contact)
    if visit is None:
        return _to_a_person(turn)
    turn.say("visit_confirmed", date=visit.date, time=visit.time)
    return Answered("visit_answered")


def _visit_change(turn: Turn) -> Answered:
    ask_to_change_visit(turn.scope, turn.contact, turn.now)
    close_question(turn.scope, turn.contact)
    flag_for_person(turn, "visit_change_asked", Tier.REVIEW, "Asks to change a visit")
    turn.say("visit_change")
    return Answered("visit_answered", needs_person=True)


_ACTIONS: dict[str, Callable[[Turn], Answered]] = {
    "check_in": _saved,
    "symptoms": _saved_symptoms,
    "report": _saved_symptoms,
    "activity": _saved_symptoms,
    "medication": _saved_symptoms,
    "ask_again": _ask_again,
    "opt_out": _opt_out,
    "opt_in": _opt_in,
    "help": _help,
    "call_me": _call_me,
    "wrong_person": _wrong_person,
    "deceased": _deceased,
    "appointment_confirm": _visit_confirmed,
    "appointment_change": _visit_change,
}
_ANSWERS_TO_QUESTIONS = (_saved, _saved_symptoms, _ask_again, _help, _call_me, _visit_confirmed, _visit_change)
