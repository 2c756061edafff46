"""Which day a text belongs to that is filed late: the day of the question that was open when it was written."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.find_contacts import QUESTION_LASTS, Contact, asked_before

_LEFT = ("sending", "unknown", "accepted", "queued", "sent", "delivered", "read")
_LONGEST_PLANNED = timedelta(days=3)  # between the making of a text and its hour
_m = tables.message.c
_LAST_QUESTION = Prepared(
    select(_m.id, _m.question, _m.question_on, _m.due_at)
    .where(
        _m.clinic_id == bindparam("clinic"),
        _m.phone_digest == bindparam("digest"),
        _m.contact_point_id == bindparam("contact"),
        _m.created_at > bindparam("planned_since"),
        _m.due_at > bindparam("since"),
        _m.due_at <= bindparam("written_at"),
        _m.question_on.is_not(None),
        _m.state.in_([bindparam(f"state_{place}", state) for place, state in enumerate(_LEFT)]),
    )
    .order_by(_m.due_at.desc())
    .limit(1)
)


def as_written_to(scope: ClinicScope, contact: Contact, sent_at: datetime | None) -> Contact:
    """The contact as a text of `sent_at` found it, with the day that it answers where a newer question was asked since.

    None is now. The database is asked only then.
    """
    found = asked_before(contact, sent_at)
    if found is contact or sent_at is None:
        return contact
    return replace(found, late_on=_day_asked(scope, contact, sent_at))


def _day_asked(scope: ClinicScope, contact: Contact, written_at: datetime) -> date | None:
    """The day of the last question before `written_at`; None where it had an answer already, or was too old."""
    last = _last_question(scope, contact.id, scope.phone_digest(contact.phone), written_at)
    if last is None or _was_answered(contact, last.due_at, written_at):
        return None
    day: date = last.question_on
    return day


def day_of_question(scope: ClinicScope, contact_id: UUID, phone_digest: bytes, written_at: datetime) -> date | None:
    """The day of the question that a text of `written_at` answers; None where none was asked in time before it."""
    last = _last_question(scope, contact_id, phone_digest, written_at)
    return None if last is None else last.question_on


def unanswered_question(scope: ClinicScope, contact: Contact, now: datetime) -> AnyRow | None:
    """The text by which this person was last asked for their pain, while an answer at `now` still belongs to it."""
    last = _last_question(scope, contact.id, scope.phone_digest(contact.phone), now)
    if last is None or last.question != "pain" or _was_answered(contact, last.due_at, now):
        return None
    return last


def _last_question(scope: ClinicScope, contact_id: UUID, phone_digest: bytes, written_at: datetime) -> AnyRow | None:
    since = written_at - QUESTION_LASTS
    asked = {
        "clinic": scope.clinic_id, "digest": phone_digest, "contact": contact_id,
        "since": since, "planned_since": since - _LONGEST_PLANNED, "written_at": written_at,
    }  # fmt: skip
    last: AnyRow | None = _LAST_QUESTION.first(scope.connection, asked)
    return last


def _was_answered(contact: Contact, asked_at: datetime, before: datetime) -> bool:
    history = (contact.recovery.history or ()) if contact.recovery else ()
    return any(known.channel == "sms" and asked_at <= known.reading.recorded_at < before for known in history)
