"""Change which question is open on a phone."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.models import tables
from recovery_api.services.find_contacts import Contact
from recovery_api.services.find_day_asked import unanswered_question


def ask_question(
    scope: ClinicScope, contact: Contact, question: str, day: date, now: datetime, times_asked: int = 0
) -> None:
    """Leave one question open on this phone, for the day that its answer belongs to."""
    _update(scope, contact.id, question=question, question_on=day, question_asked_at=now, times_asked=times_asked)


def ask_question_at(
    scope: ClinicScope, contact_point_id: UUID, question: str, day: date | None, message_id: UUID, now: datetime
) -> None:
    """The question of a text that is leaving now becomes the open one."""
    _update(
        scope,
        contact_point_id,
        question=question,
        question_on=day,
        question_asked_at=now,
        question_message_id=message_id,
        times_asked=0,
    )


def ask_who(scope: ClinicScope, contacts: Sequence[Contact], held_id: UUID | None, now: datetime) -> None:
    """Ask a shared phone whose text it was; the day stays the one that was asked about. None holds no text."""
    for contact in contacts:
        day = contact.question_on if contact.open_question(now) else None
        _update(
            scope,
            contact.id,
            question="who",
            question_on=day or local_day(now, contact.zone),
            question_asked_at=now,
            question_message_id=held_id,
            times_asked=0,
        )


def settle_who(scope: ClinicScope, contacts: Sequence[Contact], now: datetime) -> None:
    """Somebody said whose text it was: that is asked no more, and who has not answered for the day is awaited again."""
    for contact in contacts:
        if contact.question != "who":
            continue
        asked = unanswered_question(scope, contact, now)
        if asked is None:
            _update(scope, contact.id, question=None, question_asked_at=None, question_message_id=None)
        else:
            _update(
                scope,
                contact.id,
                question="pain",
                question_on=asked.question_on,
                question_asked_at=asked.due_at,
                question_message_id=asked.id,
                times_asked=0,
            )


def close_question(scope: ClinicScope, contact: Contact) -> None:
    """The open question is answered."""
    if contact.question is not None:
        _update(scope, contact.id, question=None, question_on=None, question_asked_at=None, times_asked=0)


def close_unless_thinner(scope: ClinicScope, contact: Contact, now: datetime) -> None:
    """Anything was told: no other question waits any more, but a bare 1 goes on to mean that about a blood thinner."""
    if contact.open_question(now) != "thinner":
        close_question(scope, contact)


def _update(scope: ClinicScope, contact_point_id: UUID, **values: object) -> None:
    scope.change_late(tables.contact_point, contact_point_id, **values)
