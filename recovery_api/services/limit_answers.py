"""Keep a phone from being answered for ever: what was answered lately is kept with the phone itself."""

from collections.abc import Sequence
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.answer_limits import has_told, may_answer, may_say_back, plain_text, remembered
from recovery_api.models import tables
from recovery_api.services.find_contacts import Contact


def is_muted(scope: ClinicScope, contacts: Sequence[Contact], body: str, now: datetime) -> bool:
    """Whether this text gets no automatic answer any more: a person reads it, and safety texts leave all the same."""
    plain = plain_text(body)
    return not may_answer(_past(contacts), _digest(scope, plain), len(plain), now)


def is_told(scope: ClinicScope, contacts: Sequence[Contact], body: str, now: datetime) -> bool:
    """Whether these very words were answered so often within the hour that even a safety text says nothing new."""
    plain = plain_text(body)
    return has_told(_past(contacts), _digest(scope, plain), len(plain), now)


def _past(contacts: Sequence[Contact]) -> list[tuple[datetime, bytes]]:
    return sorted(answer for contact in contacts for answer in contact.answered)


def reports_too_often(contact: Contact, now: datetime) -> bool:
    """Whether so many scores came by text within the hour that they are saved without a word."""
    history = (contact.recovery.history or ()) if contact.recovery else ()
    return not may_say_back([known.reading.recorded_at for known in history if known.channel == "sms"], now)


def note_answer(scope: ClinicScope, contact: Contact, body: str, now: datetime) -> None:
    """Remember that a text which nobody asked for was answered."""
    kept = remembered(contact.answered, _digest(scope, plain_text(body)), now)
    values = {"answered_at": [at for at, _ in kept], "answered_texts": [text for _, text in kept]}
    scope.change_late(tables.contact_point, contact.id, **values)


def _digest(scope: ClinicScope, plain: str) -> bytes:
    return scope.vault.digest("answered-text", plain)[:8]
