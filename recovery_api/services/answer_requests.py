"""Answer what a text asks for or announces: to stop, to be called, another hour, a wrong number, a death, a visit."""

from dataclasses import replace
from datetime import time
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.consent import is_bare_yes
from recovery_api.domain.errors import Invalid
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.answer_scores import answer_danger, saved, saved_symptoms, to_a_person
from recovery_api.services.answer_visit import ask_to_change_visit, confirm_visit, hour_words, tier_of_change
from recovery_api.services.change_consent import (
    Begun,
    Evidence,
    begin_link,
    begin_texts,
    stop_link,
    stop_patient,
    stop_phone,
)
from recovery_api.services.change_contact import close_unless_thinner
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.left_by_keyword import left_by_keyword
from recovery_api.services.newer_wish import begun_since, stopped_since
from recovery_api.services.record_audit import Actor
from recovery_api.services.start_episode import check_in_hours
from recovery_api.services.turn import OPTED_OUT, SAFETY_TEXTS, Answered, Turn, flag_for_person

_FOR_A_PERSON = Answered("for_a_person", needs_person=True)


def opt_out(turn: Turn) -> Answered:
    """Stop at once. The carrier itself confirms its own keywords; anything else we do, once; danger is answered first.

    On a shared phone somebody who says whose texts must end ends those alone. A stop that is filed late undoes no START
    that was written after it: a person reads both.
    """
    if _is_outdated(turn, "opt_out"):
        return replace(answer_danger(turn), needs_person=True) if turn.tier in SAFETY_TEXTS else _FOR_A_PERSON
    stopped = _stop(turn, "opted_out")
    flag_for_person(turn, "opted_out", Tier.TODAY, OPTED_OUT, "delivery")
    if turn.tier in SAFETY_TEXTS:
        answer_danger(turn)
    elif stopped and not turn.arrival.is_confirmed_by_carrier("STOP"):
        turn.say("stopped", purpose="service")
    return Answered("opted_out", needs_person=True)


def _stop(turn: Turn, source: str) -> bool:
    """Stop the texts to this phone, or about this person alone where it is shared; False where they were stopped."""
    evidence = Evidence(source, turn.arrival.message_id, turn.arrival.body)
    if turn.contact.is_shared:
        alone = replace(evidence, source=f"{source}_alone")  # which a START in nobody's name does not undo
        return bool(stop_link(turn.scope, turn.contact.id, alone, turn.now))
    digest = turn.scope.phone_digest(turn.contact.phone)
    return bool(stop_phone(turn.scope, digest, evidence, turn.now))


def opt_in(turn: Turn) -> Answered:
    """Begin texts again. The carrier confirms its own keywords; the welcome of who joins says what it cannot.

    Who left comes back by a START alone, and by none that is filed late and was written before they left. A person
    hears of the wish in other words, and calls: no text may leave.
    """
    if turn.contact.state == "opted_out" and not _comes_back(turn):
        return _FOR_A_PERSON
    begun = _begin(turn)
    if begun.joined:
        turn.say("enrol_welcome", purpose="service")
    elif begun.returned and not turn.arrival.is_confirmed_by_carrier("START"):
        turn.say("started", purpose="service")
    return Answered("opted_in")


def _comes_back(turn: Turn) -> bool:
    """Whether this is a START of somebody who left, and still holds; a bare YES undoes the carrier's words alone."""
    if not turn.arrival.brings_back or _is_outdated(turn, "opt_in"):
        return False
    return not is_bare_yes(turn.arrival.body) or left_by_keyword(turn.scope, [turn.contact])


def _is_outdated(turn: Turn, wish: str) -> bool:
    """Whether a text that is filed late asks for what somebody on the phone took back since."""
    at, scope = turn.arrival.sent_at, turn.scope
    if at is None:
        return False
    digest = scope.phone_digest(turn.contact.phone)
    if wish == "opt_in":
        return stopped_since(scope, digest, at)
    return begun_since(scope, digest, turn.contact.patient_id, at)


def _begin(turn: Turn) -> Begun:
    """Begin the texts to this phone, or about this person alone where it is shared."""
    if turn.contact.is_shared:
        return begin_link(turn.scope, turn.contact.id, turn.arrival.message_id, turn.now)
    digest = turn.scope.phone_digest(turn.contact.phone)
    return begin_texts(turn.scope, digest, turn.arrival.message_id, turn.now)


def give_help(turn: Turn) -> Answered:
    """Whom to call; and a person looks, as a patient may mean it."""
    turn.say("help", purpose="service")
    return Answered("helped", needs_person=True)


def call_me(turn: Turn) -> Answered:
    """Somebody calls today."""
    flag_for_person(turn, "call_asked", Tier.TODAY, "Asks for a call")
    turn.say_with_score("call_back")
    return Answered("call_asked", needs_person=True)


def set_hour(turn: Turn) -> Answered:
    """Another hour for the daily question, from now on; outside the hours for texts the choice is given again."""
    if turn.contact.recovery is None or turn.reply.hour is None:
        return to_a_person(turn)
    wanted = time(turn.reply.hour)
    try:
        check_in_hours(wanted)
    except Invalid:
        turn.say("hour_refused")
        return Answered("asked_again")
    turn.scope.flush()
    patient = Actor("patient", turn.contact.patient_id)
    change_preferences(turn.scope, turn.contact.patient_id, Preferences(check_in_time=wanted), patient, turn.now)
    turn.say("hour_changed", time=hour_words(wanted))
    return Answered("hour_changed", needs_person=turn.contact.state == "opted_out")  # who seems to expect texts


def wrong_person(turn: Turn) -> Answered:
    """A pause and a flag; where the text answers our questions, it is an answer and only a person may doubt it."""
    flag_for_person(turn, "says_wrong_number", Tier.TODAY, "Somebody on this phone says that it is the wrong number")
    if turn.answers:
        return replace(_as_answer(turn), needs_person=True)
    if _stop(turn, "wrong_person"):
        turn.say("wrong_person", purpose="service")
    return Answered("wrong_person", needs_person=True)


def lock_phones(scope: ClinicScope, patient_id: UUID) -> None:
    """Lock every link of a patient, where a text may stop them all: always before the turn of a flag is taken."""
    point = tables.contact_point
    scope.connection.execute(
        select(point.c.id)
        .where(point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id)
        .order_by(point.c.created_at, point.c.id)
        .with_for_update(key_share=True)
    )


def deceased(turn: Turn) -> Answered:
    """A death stops every text about that person, on all their phones; only a clinician may believe it."""
    stopped = False
    if not turn.answers:
        evidence = Evidence("deceased", turn.arrival.message_id, turn.arrival.body)
        stopped = bool(stop_patient(turn.scope, turn.contact.patient_id, evidence, turn.now))
    flag_for_person(turn, "reported_deceased", Tier.TODAY, "Somebody on this phone says that the patient has died")
    if turn.answers:
        return replace(_as_answer(turn), needs_person=True)
    if stopped:
        turn.say("deceased", purpose="service")
    return Answered("deceased", needs_person=True)


def _as_answer(turn: Turn) -> Answered:
    if turn.tier in SAFETY_TEXTS:
        return answer_danger(turn)
    return saved(turn) if turn.reply.pain is not None else saved_symptoms(turn)


def visit_confirmed(turn: Turn) -> Answered:
    """The next visit stands."""
    visit = confirm_visit(turn.scope, turn.contact, turn.now)
    close_unless_thinner(turn.scope, turn.contact, turn.now)
    if visit is None:
        return to_a_person(turn)
    turn.say_with_score("visit_confirmed", date=visit.date, time=visit.time)
    return Answered("visit_answered")


def visit_change(turn: Turn) -> Answered:
    """Somebody finds another time for the visit."""
    starts_at = ask_to_change_visit(turn.scope, turn.contact, turn.now)
    close_unless_thinner(turn.scope, turn.contact, turn.now)
    flag_for_person(turn, "visit_change_asked", tier_of_change(starts_at, turn.now), "Asks to change a visit")
    turn.say_with_score("visit_change")
    return Answered("visit_answered", needs_person=True)
