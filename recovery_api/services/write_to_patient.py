"""A clinician writes to a patient: their own words, through the outbox like every other text."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.consent import next_window
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.wording import labelled
from recovery_api.models import tables
from recovery_api.packs.texts import as_sent
from recovery_api.services.answer_clinician import CONVERSATION, asks_for_score
from recovery_api.services.check_own_words import check_own_words
from recovery_api.services.invite_phone import shares_phone
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.record_audit import Actor, record_audit

LONGEST_TEXT = 480


def write_to_patient(scope: ClinicScope, patient_id: UUID, body: str, author: Actor, now: datetime) -> UUID:
    """Queue `body` for the patient's own phone; returns the message.

    Raises Invalid, PrivateWords for a name, a diagnosis or a procedure in it, NotFound or Conflict.
    """
    words = _words(body)
    own = _own_phone(scope, patient_id)
    check_own_words(scope, patient_id, words)
    phone = scope.vault.open("contact_point.phone", own.id, own.phone_sealed)
    recipient = Recipient(phone, own.language, own.id, patient_id, label=label_on(own))
    text = _text(scope, recipient, words, ZoneInfo(own.zone), now)
    [message_id] = queue_texts(scope, [text], now)
    scope.change_late(tables.contact_point, own.id, written_to_at=text.due_at)
    record_audit(scope, author, "message.written", ("message", message_id), now, patient_id)
    return message_id


def _words(body: str) -> str:
    words = _meant(body)
    if not words:
        raise Invalid("is empty", field="body")
    if len(words) > LONGEST_TEXT:
        raise Invalid(f"must be at most {LONGEST_TEXT} characters", field="body")
    return words


def _own_phone(scope: ClinicScope, patient_id: UUID) -> AnyRow:
    """The patient's own phone that takes texts, with their language and zone."""
    point, patient = tables.contact_point, tables.patient
    rows = scope.connection.execute(
        select(
            point.c.id,
            point.c.phone_sealed,
            point.c.state,
            point.c.channel,
            point.c.whose,
            point.c.label,
            shares_phone(point).label("is_shared"),
            patient.c.language,
            patient.c.zone,
        )
        .select_from(patient)
        .outerjoin(point, (point.c.clinic_id == patient.c.clinic_id) & (point.c.patient_id == patient.c.id))
        .where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
        .order_by(point.c.whose.desc(), point.c.created_at)
    ).all()
    if not rows:
        raise NotFound("There is no such patient.")
    found: AnyRow | None = phone_to_write_to(rows)
    if found is None:
        raise Conflict("This patient's phone takes no texts. Please call.")
    return found


def phone_to_write_to(phones: Iterable[Any]) -> Any:
    """The phone that a clinician's words go to: the first of the patient's own that takes texts; None without one.

    `phones` have `whose`, `channel` and `state`, and stand in the order of the patient's page.
    """
    return next((one for one in phones if (one.whose, one.channel, one.state) == ("patient", "sms", "active")), None)


def label_on(phone: Any) -> str:
    """What a clinician's words on this phone begin with: its label, where the phone is not its patient's alone."""
    return str(phone.label) if phone.is_shared else ""


def label_of_texts(scope: ClinicScope, patient_id: UUID) -> str:
    """The label of what would be written to a patient now; empty where none is needed. Raises NotFound."""
    try:
        return label_on(_own_phone(scope, patient_id))
    except Conflict:  # nothing can be written now
        return ""


def as_it_leaves(body: str, label: str) -> str:
    """A draft as it would leave behind a label: what is counted is what is sent."""
    return as_sent(labelled(_meant(body), label))


def _meant(body: str) -> str:
    """A draft without its margins, and with one character for a new line, for which the form of a page sends two."""
    return body.replace("\r\n", "\n").strip()


def _text(scope: ClinicScope, recipient: Recipient, words: str, zone: ZoneInfo, now: datetime) -> Outgoing:
    """An answer to a patient who just wrote leaves at any hour; anything else waits for the hours for texts.

    Words that name the scale from 0 to 10 open the question about pain as they leave.
    """
    just_written = _just_written(scope, recipient.patient_id, now)
    due_at, expires_at = (now, now + CONVERSATION) if just_written else next_window(now, zone)
    asks = asks_for_score(words)
    return Outgoing(
        recipient,
        "service",
        own_words=words,
        question="pain" if asks else None,
        question_on=local_day(due_at, zone) if asks else None,
        due_at=due_at,
        expires_at=expires_at,
        in_reply_to_id=just_written,
    )


def _just_written(scope: ClinicScope, patient_id: UUID | None, now: datetime) -> UUID | None:
    """The last text of a patient who wrote within the last two hours."""
    message = tables.message
    return scope.connection.execute(
        select(message.c.id)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.patient_id == patient_id,
            message.c.direction == "in",
            message.c.created_at > now - CONVERSATION,
        )
        .order_by(message.c.created_at.desc())
        .limit(1)
    ).scalar()
