"""A reply to what a clinician wrote: it may answer their question, so a bare number is no score, and a person reads."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.replies import Reply
from recovery_api.models import tables
from recovery_api.packs.reading import reply_reader
from recovery_api.services.find_contacts import Contact

CONVERSATION = timedelta(hours=2)
_SCALE = re.compile(r"\b0\s*(?:to|a|al|-)\s*10\b", re.IGNORECASE)


def asks_for_score(words: str) -> bool:
    """Whether a clinician's words ask for a pain score: they name the scale."""
    return _SCALE.search(words) is not None


def replies_to_clinician(contact: Contact, at: datetime) -> bool:
    """Whether a clinician wrote to this phone within the last two hours, and nothing was asked of it since."""
    written = contact.written_to_at
    if written is None or not timedelta(0) <= at - written <= CONVERSATION:
        return False
    return contact.asked_at is None or contact.asked_at < written


def as_answer_to_clinician(scope: ClinicScope, contact: Contact, body: str, reply: Reply, at: datetime) -> Reply:
    """The reading of a text that may answer a clinician's own question: its bare number is offered back, not saved."""
    if reply.intent != "check_in" or reply.tier is not None or not replies_to_clinician(contact, at):
        return reply
    says_pain = reply_reader().read(body, "appointment", contact.language).pain is not None
    if says_pain or not _has_asked(scope, contact):
        return reply
    return replace(reply, intent="ask_again", pain=None, suggest=reply.pain)


def _has_asked(scope: ClinicScope, contact: Contact) -> bool:
    """Whether the last words that a clinician wrote to this phone were a question."""
    message = tables.message
    row = scope.connection.execute(
        select(message.c.id, message.c.body_sealed)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.contact_point_id == contact.id,
            message.c.direction == "out",
            message.c.purpose == "service",
            message.c.text_key.is_(None),
        )
        .order_by(message.c.created_at.desc(), message.c.id.desc())
        .limit(1)
    ).one_or_none()
    return row is not None and "?" in scope.vault.open("message.body", row.id, row.body_sealed)
