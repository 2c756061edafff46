"""File a text that belongs to nobody for certain: kept for a person, judged at its worst, never guessed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.consent import is_bare_yes
from recovery_api.domain.lifelines import danger_text
from recovery_api.domain.replies import Reply
from recovery_api.domain.tiers import Tier
from recovery_api.services.change_consent import Evidence, begin_unnamed, stop_phone
from recovery_api.services.change_contact import ask_who
from recovery_api.services.find_contacts import Contact
from recovery_api.services.flag_opt_outs import flag_opt_outs
from recovery_api.services.judge_at_worst import flag_unattributed, worst_tier
from recovery_api.services.left_by_keyword import left_by_keyword
from recovery_api.services.limit_answers import is_muted, is_told, note_answer
from recovery_api.services.newer_wish import begun_since, stopped_since
from recovery_api.services.queue_texts import Outgoing, queue_texts
from recovery_api.services.say_how_soon import hours_until_call
from recovery_api.services.turn import OPTED_OUT, SAFETY_TEXTS, Answered, Arrival


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A text of a phone that belongs to several people, and who they are."""

    scope: ClinicScope
    arrival: Arrival
    contacts: Sequence[Contact]
    reply: Reply
    now: datetime
    tier: Tier | None

    def say(self, text_key: str, purpose: str, **values: str) -> None:
        """Answer whoever holds the phone, in nobody's name; by a link on which texts may leave, where there is one."""
        recipient = min(self.contacts, key=_reach).recipient(named=False)
        text = Outgoing(recipient, purpose, text_key=text_key, values=values, in_reply_to_id=self.arrival.message_id)
        queue_texts(self.scope, [text], self.now)

    @property
    def phone_digest(self) -> bytes:
        """By which the phone is found."""
        return self.scope.phone_digest(self.arrival.phone)


def file_unattributed(
    scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], reply: Reply, now: datetime
) -> Answered:
    """An unknown phone is answered by nobody but the clinic; a shared one is asked who is speaking."""
    tier = worst_tier(scope, arrival, contacts, reply, now)
    if tier is not None:
        flag_unattributed(scope, arrival, contacts, reply, tier, now)
    if not contacts:
        return Answered("unknown_sender", needs_person=True)
    return _ACTIONS.get(reply.intent, _ask_who)(Unplaced(scope, arrival, contacts, reply, now, tier))


def _opt_out(text: Unplaced) -> Answered:
    """Who stops the phone stops it for everybody on it, as the carrier does; a late one undoes no START after it."""
    at = text.arrival.sent_at
    if at is not None and begun_since(text.scope, text.phone_digest, None, at):
        _say_safety(text)
        return Answered("for_a_person", needs_person=True)
    stopped = _stop(text, "opted_out", "opted_out", OPTED_OUT, "delivery")
    if not _say_safety(text) and stopped and not text.arrival.is_confirmed_by_carrier("STOP"):
        text.say("stopped", "service")
    return Answered("opted_out", needs_person=True)


def _opt_in(text: Unplaced) -> Answered:
    """A START undoes a stop of the phone; the same wish in other words is for a person, where somebody left."""
    left = [contact for contact in text.contacts if contact.state == "opted_out"]
    if left and not _comes_back(text, left):
        return Answered("for_a_person", needs_person=True)
    begun = begin_unnamed(text.scope, text.phone_digest, text.arrival.message_id, text.now)
    if begun.joined:
        text.say("enrol_welcome", "service")
    elif begun.returned and not text.arrival.is_confirmed_by_carrier("START"):
        text.say("started", "service")
    stays_out = bool(left) and not begun.returned
    return Answered("opted_in", needs_person=stays_out)  # who left in their own name may be the one who is back


def _comes_back(text: Unplaced, left: Sequence[Contact]) -> bool:
    """Whether this is a START that still holds; a bare YES undoes a word of the carrier's alone."""
    if not text.arrival.brings_back or _was_stopped_since(text):
        return False
    return not is_bare_yes(text.arrival.body) or left_by_keyword(text.scope, left)


def _was_stopped_since(text: Unplaced) -> bool:
    """Whether a START that is filed late was written before somebody stopped the texts."""
    at = text.arrival.sent_at
    return at is not None and stopped_since(text.scope, text.phone_digest, at)


def _reach(contact: Contact) -> int:
    """How near a link is to taking texts: one that has joined, then one that was asked."""
    return {"active": 0, "invited": 1}.get(contact.state, 2)


def _deceased(text: Unplaced) -> Answered:
    """Nobody in grief is asked whose text it was: every text to the phone pauses, and a person calls."""
    if _stop(text, "deceased_unnamed", "reported_deceased", "Somebody on a shared phone says that a patient has died"):
        text.say("deceased", "service")
    return Answered("deceased", needs_person=True)


def _wrong_person(text: Unplaced) -> Answered:
    if _stop(text, "wrong_person", "says_wrong_number", "Somebody on a shared phone says that it is the wrong number"):
        text.say("wrong_person", "service")
    return Answered("wrong_person", needs_person=True)


def _stop(text: Unplaced, source: str, rule: str, reason: str, family: str = "operations") -> bool:
    """Pause the phone and give the clinic a task for each person; False where it was paused before."""
    evidence = Evidence(source, text.arrival.message_id, text.arrival.body)
    links = stop_phone(text.scope, text.phone_digest, evidence, text.now)
    people = [contact.patient_id for contact in text.contacts]
    flag_opt_outs(
        text.scope, people, reason, text.now, rule=rule, family=family,
        message_id=text.arrival.message_id, quote=text.arrival.body,
    )  # fmt: skip
    return bool(links)


def _call_me(text: Unplaced) -> Answered:
    people = [contact.patient_id for contact in text.contacts]
    flag_opt_outs(
        text.scope, people, "Somebody on a shared phone asks for a call", text.now, rule="call_asked",
        family="operations", message_id=text.arrival.message_id, quote=text.arrival.body,
    )  # fmt: skip
    return _answer_once(text, "call_back", Answered("call_asked", needs_person=True))


def _help(text: Unplaced) -> Answered:
    return _answer_once(text, "help", Answered("helped", needs_person=True))


def _answer_once(text: Unplaced, text_key: str, answered: Answered) -> Answered:
    if not _say_safety(text) and _count(text):
        text.say(text_key, "service")
    return answered


def _say_safety(text: Unplaced) -> bool:
    """Tell whoever holds the phone what to do about danger in their words; False where there is none."""
    tier = text.reply.tier
    if tier not in SAFETY_TEXTS:
        return False
    if not is_told(text.scope, text.contacts, text.arrival.body, text.now):
        note_answer(text.scope, text.contacts[0], text.arrival.body, text.now)
        key = danger_text(tier, text.reply.symptoms, text.scope.emergency_number)
        soon = {} if key != "urgent" else {"h": hours_until_call(text.scope, tier, (), text.now)}
        text.say(key, "safety", **soon)
    return True


def _count(text: Unplaced) -> bool:
    """Whether this phone may get one more answer, which is then remembered."""
    if is_muted(text.scope, text.contacts, text.arrival.body, text.now):
        return False
    note_answer(text.scope, text.contacts[0], text.arrival.body, text.now)
    return True


def _ask_who(text: Unplaced) -> Answered:
    """Ask whose text it is, and hold it until then where its meaning does not hang on what was asked."""
    if _say_safety(text):
        return Answered("shared_phone", needs_person=True)
    if not _count(text):
        return Answered("left_unanswered", needs_person=True)
    asked = [contact.open_question(text.now) for contact in text.contacts]
    if "thinner" in asked:  # its answer is a 1 or 2, which beside another question would be a score
        text.say("unread_to_person", "conversation")
        return Answered("shared_phone", needs_person=True)
    plain = all(question in (None, "pain", "symptoms", "who") for question in asked)
    ask_who(text.scope, text.contacts, text.arrival.message_id if plain and not text.arrival.media else None, text.now)
    labels = ", ".join(contact.label for contact in text.contacts)
    text.say("who_is_answering", "conversation", labels=labels, first=text.contacts[0].label)
    return Answered("shared_phone", needs_person=True)


_ACTIONS: dict[str, Callable[[Unplaced], Answered]] = {
    "opt_out": _opt_out,
    "opt_in": _opt_in,
    "deceased": _deceased,
    "wrong_person": _wrong_person,
    "call_me": _call_me,
    "help": _help,
}
