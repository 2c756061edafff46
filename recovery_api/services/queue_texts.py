"""Put texts into the outbox: the message and its place in the queue, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.domain.lifelines import lifeline_of
from recovery_api.domain.wording import key_for, labelled
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.texts import as_sent
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.public_address import about_address

LIFETIMES = {
    "conversation": timedelta(hours=2),
    "safety": timedelta(hours=12),
    "page": timedelta(hours=12),
    "service": timedelta(hours=24),
}
PRIORITIES = {"safety": 0, "page": 1, "conversation": 2, "service": 3, "reminder": 5}
_LANES = {"safety": "alert", "page": "alert"}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a text goes to: a phone, and whose it is."""

    phone: str
    language: str
    contact_point_id: UUID | None = None
    patient_id: UUID | None = None
    episode_id: UUID | None = None
    clinician_id: UUID | None = None
    label: str = ""  # said first, where a phone is not its patient's alone
    whose: str = "patient"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text to be sent: a key of the pack with its values, or a clinician's own words."""

    recipient: Recipient
    purpose: str
    text_key: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    own_words: str | None = None
    question: str | None = None
    question_on: date | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    reminder_id: UUID | None = None
    flag_id: UUID | None = None
    in_reply_to_id: UUID | None = None


def queue_texts(scope: ClinicScope, texts: Sequence[Outgoing], now: datetime) -> list[UUID]:
    """Add `texts` to the outbox and return the ids of their messages. Raises UnknownText or MissingValue."""
    if not texts:
        return []
    rows = [_message_row(scope, text, now) for text in texts]
    scope.write_late(tables.message, rows)
    scope.write_late(tables.due_work, [_work_row(row) for row in rows])
    return [row["id"] for row in rows]


def _message_row(scope: ClinicScope, text: Outgoing, now: datetime) -> dict[str, Any]:
    message_id, (key, body) = new_id(), words_of(scope, text)
    due_at = text.due_at or now
    return {
        "clinic_id": scope.clinic_id,
        "id": message_id,
        "direction": "out",
        "state": "planned",
        "phone_sealed": scope.seal("message.phone", message_id, text.recipient.phone),
        "phone_digest": scope.phone_digest(text.recipient.phone),
        "sender_number": scope.number,
        "body_sealed": scope.seal("message.body", message_id, body),
        "created_at": now,
        "contact_point_id": text.recipient.contact_point_id,
        "patient_id": text.recipient.patient_id,
        "episode_id": text.recipient.episode_id,
        "clinician_id": text.recipient.clinician_id,
        "in_reply_to_id": text.in_reply_to_id,
        "lane": _LANES.get(text.purpose, "bulk"),
        "purpose": text.purpose,
        "text_key": key,
        "text_version": texts_of(scope).version if text.text_key else None,
        "question": text.question,
        "question_on": text.question_on,
        "reminder_id": text.reminder_id,
        "flag_id": text.flag_id,
        "due_at": due_at,
        "expires_at": text.expires_at or due_at + LIFETIMES[text.purpose],
    }


def words_of(scope: ClinicScope, text: Outgoing) -> tuple[str | None, str]:
    """The key that a text is kept under and what it says as it would leave. Raises UnknownText or MissingValue."""
    body, key, language = text.own_words, text.text_key, text.recipient.language
    if key is not None:
        pack = texts_of(scope)
        key = key_for(pack, key, language, text.recipient.whose)
        body = pack.render(key, language, {**standing_values(scope), **text.values})
    return key, as_sent(labelled(body or "", text.recipient.label))


def standing_values(scope: ClinicScope) -> dict[str, str]:
    """The values that every text may use: the clinic's name, phone, emergency numbers, and our plain pages."""
    return {
        "clinic": scope.name,
        "phone": scope.phone,
        "emergency": scope.emergency_number,
        "lifeline": lifeline_of(scope.emergency_number),
        "about": about_address(),
    }


def _work_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "clinic_id": row["clinic_id"],
        "kind": f"send_{row['lane']}",
        "row_id": row["id"],
        "due_at": row["due_at"],
        "priority": PRIORITIES[row["purpose"]],
        "held_until": real_now(),
    }
