"""Receive a text: kept, read, recorded, judged, flagged and answered in one transaction, each SID once."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.exc import IntegrityError, OperationalError

from recovery_api.db import ClinicScope, Vaults, open_transaction
from recovery_api.domain.replies import READER_VERSION, Reply
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.reading import reply_reader
from recovery_api.services.answer_page import answer_page
from recovery_api.services.answer_text import answer_text
from recovery_api.services.change_contact import settle_who
from recovery_api.services.file_echo import file_echo
from recovery_api.services.file_unattributed import file_unattributed
from recovery_api.services.find_contacts import Contact, Sender, find_sender, meet_sender
from recovery_api.services.find_day_asked import as_written_to
from recovery_api.services.find_speaker import as_asked, attribute, find_held
from recovery_api.services.hand_to_person import NOT_READ, hand_to_person
from recovery_api.services.heed_carrier import heed_carrier
from recovery_api.services.turn import Answered, Arrival

ONE_ROW_A_SID = "uq_message_sid"
ONE_OPEN_FLAG = ("uq_flag_open", "uq_flag_open_phone")


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text as the carrier handed it over, with the number of its pictures; `cut` where its end may be missing.

    `sent_at` is when a text came that was missed then and is filed only now, in product time. `carrier_word` is STOP,
    START or HELP where the carrier took the text for one, acted on it and answered it by itself.
    """

    sid: str
    sender: str
    number: str
    body: str
    media: int = 0
    cut: bool = False
    sent_at: datetime | None = None
    carrier_word: str | None = None


def receive_sms(text: ReceivedText, vaults: Vaults, now: datetime) -> bool:
    """File one text and act on it; True where it was new. Raises NotFound where the number is no clinic's.

    Committed when this returns: an answer that was acknowledged can no longer get lost.
    """
    try:
        return _receive(text, vaults, now)
    except (psycopg.Error, OperationalError, IntegrityError) as error:
        if not _was_crossed(getattr(error, "orig", error)):
            raise
        return _receive(text, vaults, now)  # what it wrote was rolled back, so once more is safe


def _receive(text: ReceivedText, vaults: Vaults, now: datetime, broken: Exception | None = None) -> bool:
    try:
        with open_transaction() as connection:
            sender = meet_sender(connection, text.number, text.sender, text.sid, vaults)
            return _file(sender, text, now, broken)
    except NOT_READ as error:
        if broken is not None:
            raise
        return _receive(text, vaults, now, error)
    except (psycopg.errors.UniqueViolation, IntegrityError) as error:
        if not is_repeat(getattr(error, "orig", error)):
            raise
        return False  # two arrivals of one text at once: the other one was committed


def _was_crossed(error: object) -> bool:
    """Whether another transaction was in the way, one that has ended by now."""
    if isinstance(error, psycopg.errors.UniqueViolation):
        return error.diag.constraint_name in ONE_OPEN_FLAG
    return isinstance(error, psycopg.errors.DeadlockDetected)


def is_repeat(error: object) -> bool:
    """Whether a database error says that a text is here already."""
    return isinstance(error, psycopg.errors.UniqueViolation) and error.diag.constraint_name == ONE_ROW_A_SID


def file_text(scope: ClinicScope, text: ReceivedText, now: datetime, broken: Exception | None = None) -> bool:
    """The same inside the caller's transaction, which fails with a unique violation where two file it at once.

    Any of NOT_READ that it raises is to be handed back as `broken`, in a transaction of its own.
    """
    return _file(find_sender(scope, text.sender, text.sid), text, now, broken)


def _file(sender: Sender, text: ReceivedText, now: datetime, broken: Exception | None) -> bool:
    """File a text as what it says, or, where reading it was `broken`, for a person to read."""
    if sender.is_repeat:
        return False
    message_id = _store(sender.scope, text, now)
    if broken is None:
        _act_on(sender, text, message_id, now)
    else:
        hand_to_person(sender, Arrival(message_id, text.sender, text.body, text.media), broken, now)
    return True


def _act_on(sender: Sender, text: ReceivedText, message_id: UUID, now: datetime) -> None:
    scope, contacts = sender.scope, sender.contacts
    arrived = Arrival(
        message_id, text.sender, text.body, text.media, sent_at=text.sent_at, carrier_word=text.carrier_word
    )
    if file_echo(sender, arrived, text.sent_at or now, text.media > 0 or text.cut):
        return
    contact, body = attribute(contacts, text.body, now)
    if contact is None:
        _file_unattributed(scope, arrived, contacts, text, now)
        return
    contact = as_written_to(scope, contact, text.sent_at)
    arrival = replace(arrived, body=body, is_whole=body == text.body)
    reply = heed_carrier(_read(arrival.body, contact, text.sent_at or now), text.carrier_word, [contact])
    if contact.state == "wrong_person" and reply.tier not in (Tier.EMERGENCY, Tier.URGENT):
        _file_unattributed(scope, arrival, [], text, now)
        return
    held = find_held(scope, contact, now) if len(contacts) > 1 and not body else None
    if held is not None:
        arrival, reply = replace(held, reply_to_id=message_id), _read(held.body, contact, now)
    if len(contacts) > 1:
        settle_who(scope, contacts, text.sent_at or now)
        contact = as_asked(contact, now)
    answered = answer_text(scope, contact, arrival, reply, now)
    if held is not None:
        _settle(scope, held.message_id, contact, reply, answered)
    _settle(scope, message_id, contact, reply, _looked_at(answered, text))


def _file_unattributed(
    scope: ClinicScope, arrival: Arrival, contacts: list[Contact], text: ReceivedText, now: datetime
) -> None:
    if not contacts and _is_answer_to_page(scope, arrival, now):
        return
    language = contacts[0].language if contacts else "en"
    reply = _without_words(reply_reader().read(arrival.body, "any", language))
    reply = heed_carrier(reply, text.carrier_word, contacts)
    answered = file_unattributed(scope, arrival, contacts, reply, now)
    _settle(scope, arrival.message_id, None, reply, _looked_at(answered, text))


def _is_answer_to_page(scope: ClinicScope, arrival: Arrival, now: datetime) -> bool:
    """Whether this was a clinician's reply with the code of a page; it is then done with."""
    clinician_id = answer_page(scope, arrival.phone, arrival.body, arrival.message_id, now)
    if clinician_id is None:
        return False
    settled = {"disposition": "page_answered", "clinician_id": clinician_id, "needs_person": False}
    scope.change_late(tables.message, arrival.message_id, **settled)
    return True


def _read(body: str, contact: Contact, now: datetime) -> Reply:
    question = contact.open_question(now) or "any"
    return _without_words(reply_reader().read(body, "any" if question == "who" else question, contact.language))


def _without_words(reply: Reply) -> Reply:
    return replace(reply, because=without_quotes(reply.because))


_QUOTED = re.compile(r':?\s*"[^"]*(?:"|$)')


def without_quotes(because: str) -> str:
    """A reading's reason without the patient's words in it: those are kept sealed beside it."""
    return _QUOTED.sub("", because)


def _looked_at(answered: Answered, text: ReceivedText) -> Answered:
    """Pictures cannot be read here, and of a text that may be cut the rest is not known: a person looks at both."""
    return replace(answered, needs_person=answered.needs_person or text.media > 0 or text.cut)


def _store(scope: ClinicScope, text: ReceivedText, now: datetime) -> UUID:
    """The raw text under its SID; it goes to the database with what was made of it, or with a flag that names it."""
    message_id = new_id()
    row = {
        "clinic_id": scope.clinic_id,
        "id": message_id,
        "direction": "in",
        "state": "received",
        "sid": text.sid,
        "phone_sealed": scope.seal("message.phone", message_id, text.sender),
        "phone_digest": scope.phone_digest(text.sender),
        "sender_number": text.number,
        "body_sealed": scope.seal("message.body", message_id, text.body),
        "created_at": text.sent_at or now,
        "reader_version": READER_VERSION,
        "media_count": text.media,
        "needs_person": True,
    }
    scope.write_late(tables.message, [row])
    return message_id


def _settle(scope: ClinicScope, message_id: UUID, contact: Contact | None, reply: Reply, answered: Answered) -> None:
    """Write what was made of the text beside it."""
    made: dict[str, Any] = {
        "disposition": answered.disposition,
        "intent": reply.intent,
        "words_tier": reply.tier,
        "because": reply.because,
        "needs_person": answered.needs_person,
    }
    if contact is not None:
        made |= {
            "contact_point_id": contact.id,
            "patient_id": contact.patient_id,
            "episode_id": contact.recovery.episode_id if contact.recovery else None,
        }
    scope.change_late(tables.message, message_id, **made)
