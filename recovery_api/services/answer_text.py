"""Act on a text whose sender is known: record its facts, then do what its intent asks and answer once."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.replies import READER_VERSION, Reply
from recovery_api.packs.reading import reply_reader
from recovery_api.services.answer_clinician import as_answer_to_clinician, replies_to_clinician
from recovery_api.services.answer_requests import (
    call_me,
    deceased,
    give_help,
    lock_phones,
    opt_in,
    opt_out,
    set_hour,
    visit_change,
    visit_confirmed,
    wrong_person,
)
from recovery_api.services.answer_scores import answer_danger, ask_again, day_answered, saved, saved_symptoms
from recovery_api.services.answer_thinner import may_mean_thinner, thinner_not_started, thinner_started
from recovery_api.services.correct_score import as_correction, last_score
from recovery_api.services.find_contacts import Contact
from recovery_api.services.limit_answers import is_muted, is_told, note_answer, reports_too_often
from recovery_api.services.record_check_in import Recorded, Report, record_check_in
from recovery_api.services.turn import SAFETY_TEXTS, Answered, Arrival, Turn, flag_for_person

_Act = Callable[[Turn], Answered]


def answer_text(scope: ClinicScope, contact: Contact, arrival: Arrival, reply: Reply, now: datetime) -> Answered:
    """Record what the text reports, act on its intent, and queue at most one answer."""
    written_at = arrival.sent_at or now
    reply = _meant(scope, contact, arrival, reply, written_at)
    reply = as_answer_to_clinician(scope, contact, arrival.body, reply, written_at)
    if may_mean_thinner(scope, contact, reply, now):
        reply = replace(reply, intent="ask_again", pain=None, suggest=None, unread=True)
    if reply.intent == "deceased":
        lock_phones(scope, contact.patient_id)
    muted, told = _is_muted(scope, contact, arrival, reply, now), is_told(scope, [contact], arrival.body, now)
    turn = Turn(scope, contact, arrival, reply, now, None, muted=muted, told=told)
    turn = replace(turn, recorded=_record(turn))
    if turn.recorded is None and reply.tier is not None and (reply.tier in SAFETY_TEXTS or reply.symptoms):
        flag_for_person(
            turn, "danger_without_recovery", reply.tier, f"No recovery is running: {reply.because}", "red_flag"
        )
    answered = _act_of(turn)(turn)
    is_awaited = replies_to_clinician(contact, written_at) and answered.disposition != "thanked"
    must_read = reply.unread or is_awaited or _may_want_texts(turn, answered) or _denies_pain(turn)
    answered = replace(answered, needs_person=answered.needs_person or must_read)
    if turn.said and (turn.tier in SAFETY_TEXTS or not _expected(contact, reply, now)):
        note_answer(scope, contact, arrival.body, now)
    return _left_unanswered(answered) if turn.muted and not (turn.said or turn.told) else answered


def _may_want_texts(turn: Turn, answered: Answered) -> bool:
    """Whether somebody who opted out says more than a score: it may be the wish to have the texts again."""
    says_more = any(letter.isalpha() for letter in turn.arrival.body)
    return turn.contact.state == "opted_out" and answered.disposition == "recorded" and says_more


def _denies_pain(turn: Turn) -> bool:
    """Whether "no pain" came where a 1 or 2 about a blood thinner was awaited: it is not saved, a person reads it."""
    contact, reply = turn.contact, turn.reply
    if reply.intent != "ask_again" or contact.open_question(turn.now) != "thinner":
        return False
    return reply_reader().read(turn.arrival.body, "any", contact.language).pain == 0


def _left_unanswered(answered: Answered) -> Answered:
    """Nothing was said to a phone that is answered too often: a person looks at it."""
    disposition = "left_unanswered" if answered.disposition == "asked_again" else answered.disposition
    return Answered(disposition, needs_person=True)


def _act_of(turn: Turn) -> _Act:
    act = _ACTIONS.get(turn.reply.intent, ask_again)
    if turn.tier in SAFETY_TEXTS and act in _ANSWERS_TO_QUESTIONS:
        return answer_danger
    return set_hour if act is ask_again and turn.reply.hour is not None else act


def _meant(scope: ClinicScope, contact: Contact, arrival: Arrival, reply: Reply, written_at: datetime) -> Reply:
    """A correction ("sorry meant 3") means the last score even where no question is open any more.

    An hour ("TIME 10") is no minutes and no pills, though the question about those is open.
    """
    if reply.qualifier == "hour" and reply.intent in _COUNTED:
        return replace(reply, intent="ask_again", minutes=None, pills=None)
    if reply.intent == "wrong_person":
        return _score_or_phone(scope, contact, arrival, reply, written_at)
    if reply.intent != "ask_again" or reply.hour is not None:
        return reply
    again = reply_reader().read(arrival.body, "pain", contact.language)
    if not again.pain_is_correction or last_score(scope, contact, written_at) is None:
        return reply
    return replace(again, because=reply.because)


def _score_or_phone(
    scope: ClinicScope, contact: Contact, arrival: Arrival, reply: Reply, written_at: datetime
) -> Reply:
    """A "wrong number, it was 4" behind a score means that score: it is offered back, and a person reads it."""
    numbers = _SCORE.findall(arrival.body)
    if len(numbers) != 1 or reply.pain is not None or last_score(scope, contact, written_at) is None:
        return reply
    return replace(reply, intent="ask_again", suggest=int(numbers[0]), unread=True)


def _expected(contact: Contact, reply: Reply, now: datetime) -> bool:
    """Whether our own question, asked once, or a score made an answer due: the reminders keep the number of those."""
    asked = contact.open_question(now) is not None and contact.times_asked == 0
    return asked or reply.pain is not None


def _is_muted(scope: ClinicScope, contact: Contact, arrival: Arrival, reply: Reply, now: datetime) -> bool:
    if reply.pain is not None:
        return reports_too_often(contact, now)
    return not _expected(contact, reply, now) and is_muted(scope, [contact], arrival.body, now)


def _record(turn: Turn) -> Recorded | None:
    """A check-in of everything that the text reports, where it reports anything; a correction is a new version."""
    contact, reply = turn.contact, turn.reply
    if contact.recovery is None or not _reports(reply):
        return None
    report = _report(turn)
    written_at = turn.arrival.sent_at or turn.now
    mended = last_score(turn.scope, contact, written_at) if reply.pain_is_correction else None
    if mended is not None:
        report = as_correction(turn.scope, mended, report)
    return record_check_in(turn.scope, contact.recovery, report, turn.now)


def _report(turn: Turn) -> Report:
    reply = turn.reply
    return Report(
        facts=CheckInFacts(
            pain=reply.pain,
            symptoms=tuple(sorted(reply.symptoms)),
            answered_symptoms=True,
            minutes_walked=min(reply.minutes, 1440) if reply.minutes is not None else None,
            pills_total=min(reply.pills, 100) if reply.pills is not None else None,
        ),
        channel="sms",
        recorded_at=turn.arrival.sent_at or turn.now,
        local_on=day_answered(turn),
        answered_by="caregiver" if reply.proxy else turn.contact.whose,
        message_id=turn.arrival.message_id,
        quote=turn.arrival.body,
        qualifier=reply.qualifier,
        words_tier=reply.tier,
        words_because=reply.because,
        reader_version=READER_VERSION,
    )


def _reports(reply: Reply) -> bool:
    facts = (reply.pain, reply.minutes, reply.pills)
    return reply.intent == "symptoms" or bool(reply.symptoms or reply.tier) or any(f is not None for f in facts)


_COUNTED = ("activity", "medication")
_SCORE = re.compile(r"(?<!\d)(?:10|\d)(?!\d)", re.ASCII)
_ACTIONS: dict[str, _Act] = {
    "check_in": saved,
    "symptoms": saved_symptoms,
    "report": saved_symptoms,
    "activity": saved_symptoms,
    "medication": saved_symptoms,
    "ask_again": ask_again,
    "opt_out": opt_out,
    "opt_in": opt_in,
    "help": give_help,
    "call_me": call_me,
    "wrong_person": wrong_person,
    "deceased": deceased,
    "appointment_confirm": visit_confirmed,
    "appointment_change": visit_change,
    "thinner_started": thinner_started,
    "thinner_not_started": thinner_not_started,
}
_ANSWERS_TO_QUESTIONS = (
    saved, saved_symptoms, ask_again, give_help, call_me, visit_confirmed, visit_change, thinner_started,
    thinner_not_started,
)  # fmt: skip
