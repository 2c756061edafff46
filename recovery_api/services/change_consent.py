"""Change what may be sent: texts stopped, begun again or joined, with the ledger and the outbox in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, insert, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.wording import key_for
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.bring_back_texts import bring_back_texts
from recovery_api.services.call_with_news import call_with_lost_news
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.queue_texts import standing_values

INVITATION = "enrol_ask"
DIED = ("deceased", "deceased_unnamed")  # sources of which nobody calls about a visit
PHONE_STOPS = ("opted_out", "wrong_person", "deceased_unnamed", "carrier")  # sources of what stops a whole phone


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a change of consent rests on: how it came about, the text that said so, and its words; by `channel`."""

    source: str
    message_id: UUID | None = None
    words: str | None = None
    channel: str = "sms"
    words_key: str = INVITATION


@dataclass(frozen=True, slots=True)
class Link:
    """One phone of one person, as the ledger names it."""

    id: UUID
    patient_id: UUID
    whose: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The links on which texts begin: those that joined for the first time, and those that came back."""

    joined: Sequence[AnyRow]
    returned: Sequence[AnyRow]


def stop_phone(scope: ClinicScope, phone_digest: bytes, evidence: Evidence, now: datetime) -> Sequence[AnyRow]:
    """Stop every text to a phone at once, whoever it belongs to; returns the links that this changed.

    A text only pauses a phone, whatever it says of the person: a START from it brings the texts back.
    """
    point, message = tables.contact_point, tables.message
    return _stop(scope, point.c.phone_digest == phone_digest, message.c.phone_digest == phone_digest, evidence, now)


def stop_link(scope: ClinicScope, contact_point_id: UUID, evidence: Evidence, now: datetime) -> Sequence[AnyRow]:
    """Stop the texts about one person on a phone that they share, which is no source of PHONE_STOPS."""
    point, message = tables.contact_point, tables.message
    return _stop(scope, point.c.id == contact_point_id, message.c.contact_point_id == contact_point_id, evidence, now)


def stop_patient(scope: ClinicScope, patient_id: UUID, evidence: Evidence, now: datetime) -> Sequence[AnyRow]:
    """Stop every text about one person, on whichever phone."""
    point, message = tables.contact_point, tables.message
    return _stop(scope, point.c.patient_id == patient_id, message.c.patient_id == patient_id, evidence, now)


def _stop(
    scope: ClinicScope,
    links_of: ColumnElement[bool],
    texts_to: ColumnElement[bool],
    evidence: Evidence,
    now: datetime,
) -> Sequence[AnyRow]:
    scope.flush()
    point = tables.contact_point
    links = scope.connection.execute(
        update(point)
        .where(point.c.clinic_id == scope.clinic_id, links_of, point.c.state.not_in(("wrong_person", "opted_out")))
        .values(state="opted_out", question=None, question_asked_at=None, question_message_id=None)
        .returning(point.c.id, point.c.patient_id, point.c.whose)
    ).all()
    for link in links:
        write_ledger(scope, link, "all_texts", evidence, now)
    stay = _suppress(scope, texts_to, now)
    if stay and evidence.source not in DIED:
        call_with_lost_news(scope, stay, now)
    return links


def begin_texts(scope: ClinicScope, phone_digest: bytes, message_id: UUID, now: datetime) -> Begun:
    """A START from the phone itself: whoever was asked joins, whoever left comes back, and nothing else does this.

    A number that belongs to the wrong person never comes back by a text.
    """
    of_phone = tables.contact_point.c.phone_digest == phone_digest
    return _begin(scope, of_phone, of_phone, message_id, now)


def begin_unnamed(scope: ClinicScope, phone_digest: bytes, message_id: UUID, now: datetime) -> Begun:
    """A START from a shared phone in nobody's name: it undoes a stop of the phone, and nobody's own stop.

    Nor does it undo one from before somebody else was linked to the phone: it may be the newcomer's, who joins.
    """
    of_phone = tables.contact_point.c.phone_digest == phone_digest
    return _begin(scope, of_phone, of_phone & _left_by_phone(), message_id, now)


def begin_link(scope: ClinicScope, contact_point_id: UUID, message_id: UUID, now: datetime) -> Begun:
    """A START of one person on a phone that they share."""
    of_link = tables.contact_point.c.id == contact_point_id
    return _begin(scope, of_link, of_link, message_id, now)


def _begin(
    scope: ClinicScope, joining: ColumnElement[bool], returning: ColumnElement[bool], message_id: UUID, now: datetime
) -> Begun:
    scope.flush()
    begun = Begun(
        joined=_activate(scope, joining, "invited", Evidence("joined", message_id), now),
        returned=_activate(scope, returning, "opted_out", Evidence("opted_in", message_id), now),
    )
    bring_back_texts(scope, [link.patient_id for link in (*begun.joined, *begun.returned)], now)
    return begun


def _left_by_phone() -> ColumnElement[bool]:
    """Links whose newest stop in the ledger was one of the whole phone, made by the people that it has now."""
    point, consent = tables.contact_point, tables.consent
    stop, newcomer = consent.alias("stop"), point.alias("newcomer")
    newest = (
        select(consent.c.id)
        .where(
            consent.c.clinic_id == point.c.clinic_id,
            consent.c.patient_id == point.c.patient_id,
            consent.c.contact_point_id == point.c.id,
            consent.c.granted.is_(False),
        )
        .order_by(consent.c.recorded_at.desc(), consent.c.id.desc())
        .limit(1)
        .correlate(point)
        .scalar_subquery()
    )
    came_later = exists().where(
        newcomer.c.clinic_id == point.c.clinic_id,
        newcomer.c.phone_digest == point.c.phone_digest,
        newcomer.c.patient_id != point.c.patient_id,
        newcomer.c.state != "wrong_person",
        newcomer.c.created_at > stop.c.recorded_at,
    )
    return exists().where(
        stop.c.clinic_id == point.c.clinic_id, stop.c.id == newest, stop.c.source.in_(PHONE_STOPS), ~came_later
    )


def _activate(
    scope: ClinicScope, links_of: ColumnElement[bool], state: str, evidence: Evidence, now: datetime
) -> Sequence[AnyRow]:
    point, patient = tables.contact_point, tables.patient
    links = scope.connection.execute(
        update(point)
        .where(
            point.c.clinic_id == scope.clinic_id,
            links_of,
            point.c.state == state,
            patient.c.clinic_id == point.c.clinic_id,
            patient.c.id == point.c.patient_id,
        )
        .values(state="active")
        .returning(point.c.id, point.c.patient_id, point.c.whose, patient.c.language)
    ).all()
    for link in links:
        shown = Evidence(evidence.source, evidence.message_id, invitation(scope, link.language, link.whose))
        write_ledger(scope, link, "care_texts", shown, now)
    return links


def invitation(scope: ClinicScope, language: str, whose: str) -> str:
    """The words by which somebody is asked to join."""
    pack = texts_of(scope)
    return pack.render(key_for(pack, INVITATION, language, whose), language, standing_values(scope))


def write_ledger(scope: ClinicScope, link: AnyRow | Link, purpose: str, evidence: Evidence, now: datetime) -> None:
    """Add one line about a link; `all_texts` are taken back, anything else is granted."""
    row_id = new_id()
    scope.connection.execute(
        insert(tables.consent),
        {
            "clinic_id": scope.clinic_id,
            "id": row_id,
            "patient_id": link.patient_id,
            "contact_point_id": link.id,
            "purpose": purpose,
            "channel": evidence.channel,
            "granted": purpose != "all_texts",
            "words_key": evidence.words_key,
            "words_version": texts_of(scope).version,
            "whose": link.whose,
            "words_sealed": scope.seal("consent.words", row_id, evidence.words),
            "source": evidence.source,
            "message_id": evidence.message_id,
            "recorded_at": now,
        },
    )


def _suppress(scope: ClinicScope, texts_to: ColumnElement[bool], now: datetime) -> Sequence[UUID]:
    """Every text that has not left yet stays here, with a record; returns which."""
    message, work = tables.message, tables.due_work
    waiting = (
        select(message.c.id)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.direction == "out",
            message.c.clinician_id.is_(None),
            message.c.state.in_(("planned", "throttled")),
            texts_to,
        )
        .order_by(message.c.id)
        .with_for_update()
    )
    ids = scope.connection.execute(waiting).scalars().all()
    if not ids:
        return ids
    scope.connection.execute(
        update(message)
        .where(message.c.clinic_id == scope.clinic_id, message.c.id.in_(ids))
        .values(state="suppressed", settled_at=now)
    )
    scope.connection.execute(delete(work).where(work.c.clinic_id == scope.clinic_id, work.c.row_id.in_(ids)))
    return ids
