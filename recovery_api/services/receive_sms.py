"""Receive a text: kept, read, recorded, judged, flagged and answered in one transaction, each SID once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from recovery_api.db import ClinicScope, Vaults, enter_clinic_of_number, open_transaction
from recovery_api.domain.replies import READER_VERSION, Reply
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.reading import reply_reader
from recovery_api.prepared import Prepared
from recovery_api.services.answer_text import Answered, Arrival, answer_text
from recovery_api.services.file_unattributed import file_unattributed
from recovery_api.services.find_contacts import Contact, find_contacts


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text as the carrier handed it over."""

    sid: str
    sender: str
    number: str
    body: str


def receive_sms(text: ReceivedText, vaults: Vaults, now: datetime) -> bool:
    """File one text and act on it; True where it was new. Raises NotFound where the number is no clinic's.

    Committed when this returns: an answer that was acknowledged can no longer get lost.
    """
    with open_transaction() as connection:
        scope = enter_clinic_of_number(connection, text.number, vaults)
        return file_text(scope, text, now)


def file_text(scope: ClinicScope, text: ReceivedText, now: datetime) -> bool:
    """The same inside the caller's transaction."""
    message_id = _claim(scope, text, now)
    if message_id is None:
        return False
    contacts = find_contacts(scope, text.sender)
    contact, body = _attribute(contacts, text.body)
    arrival = Arrival(message_id, text.sender, body)
    if contact is None:
        reply = reply_reader().read(body, "any", contacts[0].language if contacts else "en")
        answered = file_unattributed(scope, arrival, contacts, reply, now)
    else:
        question = contact.open_question(now) or "any"
        reply = reply_reader().read(body, "any" if question == "who" else question, contact.language)
        answered = answer_text(scope, contact, arrival, reply, now)
    _settle(scope, message_id, contact, reply, answered)
    return True


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
        "needs_person": True,
        "attempts": 0,
        "asked_list": 0,
        "maybe_repeat": False,
    }
    return message_id if _CLAIM.rows(scope.connection, row) else None


_COLUMNS = (
    "clinic_id", "id", "direction", "state", "sid", "phone_sealed", "phone_digest", "sender_number", "body_sealed",
    "created_at", "reader_version", "needs_person", "attempts", "asked_list", "maybe_repeat",
)  # fmt: skip
_CLAIM = Prepared(
    insert(tables.message).on_conflict_do_nothing(index_elements=["clinic_id", "sid"]).returning(tables.message.c.id),
    _COLUMNS,
)


def _attribute(contacts: list[Contact], body: str) -> tuple[Contact | None, str]:
    """The one person this text is from, and its words without their label; None where that would be a guess."""
    patients = {contact.patient_id for contact in contacts}
    if len(patients) == 1:
        return contacts[0], body
    for contact in contacts:
        label = contact.label.casefold()
        words = body.strip()
        if words.casefold().startswith(label) and words[len(label) : len(label) + 1] in (" ", ":", ".", ","):
            return contact, words[len(label) + 1 :].strip(" :.,")
    return None, body


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
