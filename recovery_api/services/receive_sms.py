"""Receive a text: kept, read, recorded, judged, flagged and answered in one transaction, each SID once."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from recovery_api.db import ClinicScope, Vaults, enter_clinic_of_number, open_transaction
from recovery_api.domain.replies import READER_VERSION, Reply
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.reading import reply_reader
from recovery_api.prepared import Prepared
from recovery_api.services.answer_text import answer_text
from recovery_api.services.change_contact import close_who
from recovery_api.services.file_unattributed import file_unattributed
from recovery_api.services.find_contacts import Contact, find_contacts
from recovery_api.services.find_speaker import as_asked, attribute, find_held
from recovery_api.services.turn import Answered, Arrival


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text as the carrier handed it over, with the number of its pictures; `cut` where its end may be missing."""

    sid: str
    sender: str
    number: str
    body: str
    media: int = 0
    cut: bool = False


def receive_sms(text: ReceivedText, vaults: Vaults, now: datetime) -> bool:
    """File one text and act on it; True where it was new. Raises NotFound where the number is no clinic's.

    Committed when this returns: an answer that was acknowledged can no longer get lost.
    """
    try:
        return _receive(text, vaults, now)
    except (psycopg.errors.DeadlockDetected, OperationalError) as error:
        if not isinstance(getattr(error, "orig", error), psycopg.errors.DeadlockDetected):
            raise
        return _receive(text, vaults, now)  # its claim was rolled back with it, so once more is safe


def _receive(text: ReceivedText, vaults: Vaults, now: datetime) -> bool:
    with open_transaction() as connection:
        scope = enter_clinic_of_number(connection, text.number, vaults)
        return file_text(scope, text, now)


def file_text(scope: ClinicScope, text: ReceivedText, now: datetime) -> bool:
    """The same inside the caller's transaction."""
    message_id = _claim(scope, text, now)
    if message_id is None:
        return False
    contacts = find_contacts(scope, text.sender)
    contact, body = attribute(contacts, text.body, now)
    if contact is None:
        _file_unattributed(scope, Arrival(message_id, text.sender, body, text.media), contacts, text, now)
        return True
    arrival = Arrival(message_id, text.sender, body, text.media)
    reply = _read(arrival.body, contact, now)
    if contact.state == "wrong_person" and reply.tier not in (Tier.EMERGENCY, Tier.URGENT):
        _file_unattributed(scope, arrival, [], text, now)
        return True
    held = find_held(scope, contact, now) if len(contacts) > 1 and not body else None
    if held is not None:
        arrival, reply = replace(held, reply_to_id=message_id), _read(held.body, contact, now)
    if len(contacts) > 1:
        close_who(scope, contacts)
        contact = as_asked(contact, now)
    answered = answer_text(scope, contact, arrival, reply, now)
    if held is not None:
        _settle(scope, held.message_id, contact, reply, answered)
    _settle(scope, message_id, contact, reply, _looked_at(answered, text))
    return True


def _file_unattributed(
    scope: ClinicScope, arrival: Arrival, contacts: list[Contact], text: ReceivedText, now: datetime
) -> None:
    language = contacts[0].language if contacts else "en"
    reply = _without_words(reply_reader().read(arrival.body, "any", language))
    answered = file_unattributed(scope, arrival, contacts, reply, now)
    _settle(scope, arrival.message_id, None, reply, _looked_at(answered, text))


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


def _claim(scope: ClinicScope, text: ReceivedText, now: datetime) -> UUID | None:
    """Store the raw text under its SID; None where that SID is already here."""
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
        "created_at": now,
        "reader_version": READER_VERSION,
        "media_count": text.media,
        "needs_person": True,
        "attempts": 0,
        "asked_list": 0,
        "maybe_repeat": False,
    }
    return message_id if _CLAIM.rows(scope.connection, row) else None


_COLUMNS = (
    "clinic_id", "id", "direction", "state", "sid", "phone_sealed", "phone_digest", "sender_number", "body_sealed",
    "created_at", "reader_version", "media_count", "needs_person", "attempts", "asked_list", "maybe_repeat",
)  # fmt: skip
_CLAIM = Prepared(
    insert(tables.message).on_conflict_do_nothing(index_elements=["clinic_id", "sid"]).returning(tables.message.c.id),
    _COLUMNS,
)


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
