"""Change what is open or allowed on a phone: the question asked, texts stopped, texts begun again."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.texts import message_pack
from recovery_api.services.find_contacts import Contact


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


def close_who(scope: ClinicScope, contacts: Sequence[Contact]) -> None:
    """Somebody said whose text it was: it is asked of nobody on this phone any more."""
    for contact in contacts:
        if contact.question == "who":
            _update(scope, contact.id, question=None, question_asked_at=None, question_message_id=None)


def close_question(scope: ClinicScope, contact: Contact) -> None:
    """The open question is answered."""
    if contact.question is not None:
        _update(scope, contact.id, question=None, question_on=None, question_asked_at=None, times_asked=0)


def _update(scope: ClinicScope, contact_point_id: UUID, **values: object) -> None:
    scope.change_late(tables.contact_point, contact_point_id, **values)


def stop_texts(scope: ClinicScope, contact: Contact, source: str, message_id: UUID | None, now: datetime) -> None:
    """Stop every text to this phone at once: the state, the ledger with its source, and the outbox together.

    A text only pauses a phone, whatever it says of the person: their START brings the texts back.
    """
    scope.flush()
    digest = scope.phone_digest(contact.phone)
    point = tables.contact_point
    links = scope.connection.execute(
        update(point)
        .where(point.c.clinic_id == scope.clinic_id, point.c.phone_digest == digest, point.c.state != "wrong_person")
        .values(state="opted_out", question=None, question_asked_at=None, question_message_id=None)
        .returning(point.c.id, point.c.patient_id)
    ).all()
    for link in links:
        _write_ledger(scope, link.patient_id, link.id, False, source, message_id, now)
    suppress_planned(scope, digest, now)


def restart_texts(scope: ClinicScope, contact: Contact, message_id: UUID | None, now: datetime) -> None:
    """The patient's own START brings texts back, and nothing else does."""
    point = tables.contact_point
    links = scope.connection.execute(
        update(point)
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.phone_digest == scope.phone_digest(contact.phone),
            point.c.state == "opted_out",
        )
        .values(state="active")
        .returning(point.c.id, point.c.patient_id)
    ).all()
    for link in links:
        _write_ledger(scope, link.patient_id, link.id, True, "opted_in", message_id, now)


def suppress_planned(scope: ClinicScope, phone_digest: bytes, now: datetime) -> None:
    """Every text that has not left yet stays here, with a record."""
    scope.flush()
    message, work = tables.message, tables.due_work
    waiting = (
        select(message.c.id)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.phone_digest == phone_digest,
            message.c.state.in_(("planned", "throttled")),
        )
        .with_for_update()
    )
    ids = scope.connection.execute(waiting).scalars().all()
    if not ids:
        return
    scope.connection.execute(
        update(message)
        .where(message.c.clinic_id == scope.clinic_id, message.c.id.in_(ids))
        .values(state="suppressed", settled_at=now)
    )
    scope.connection.execute(delete(work).where(work.c.clinic_id == scope.clinic_id, work.c.row_id.in_(ids)))


def _write_ledger(
    scope: ClinicScope,
    patient_id: UUID,
    contact_point_id: UUID,
    granted: bool,
    source: str,
    message_id: UUID | None,
    now: datetime,
) -> None:
    scope.connection.execute(
        insert(tables.consent),
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "patient_id": patient_id,
            "contact_point_id": contact_point_id,
            "purpose": "all_texts" if not granted else "care_texts",
            "channel": "sms",
            "granted": granted,
            "words_key": "enrol_ask",
            "words_version": message_pack().version,
            "source": source,
            "message_id": message_id,
            "recorded_at": now,
        },
    )
