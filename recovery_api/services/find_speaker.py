"""Who of those that share a phone is speaking: by the label that a text begins with, and never by a guess."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.labels import label_rest
from recovery_api.models import tables
from recovery_api.services.find_contacts import Contact
from recovery_api.services.turn import Arrival


def attribute(contacts: Sequence[Contact], body: str, now: datetime) -> tuple[Contact | None, str]:
    """The one person this text is from, and its words without their label; None where that would be a guess."""
    if len({contact.patient_id for contact in contacts}) == 1:
        return contacts[0], body
    found: dict[object, tuple[Contact, str]] = {}
    for contact in contacts:
        rest = label_rest(contact.label, body, was_asked=contact.open_question(now) == "who")
        if rest is not None:
            found.setdefault(contact.patient_id, (contact, rest))
    return next(iter(found.values())) if len(found) == 1 else (None, body)


def find_held(scope: ClinicScope, contact: Contact, now: datetime) -> Arrival | None:
    """The text that waits to hear whose it is, locked; None where a person has looked at it since."""
    if contact.open_question(now) != "who" or contact.question_message_id is None:
        return None
    message = tables.message
    row = scope.connection.execute(
        select(message.c.id, message.c.body_sealed, message.c.created_at)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.id == contact.question_message_id,
            message.c.phone_digest == scope.phone_digest(contact.phone),
            message.c.direction == "in",
            message.c.patient_id.is_(None),
            message.c.handled_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    body = scope.vault.open("message.body", row.id, row.body_sealed)
    return Arrival(row.id, contact.phone, body, sent_at=row.created_at)


def as_asked(contact: Contact, now: datetime) -> Contact:
    """The contact once it is known who speaks: what they answer is the daily question, on the day it was asked."""
    if contact.question != "who":
        return contact
    if contact.open_question(now) is None:
        return replace(contact, question=None, asked_at=None)
    return replace(contact, question="pain", times_asked=0)
