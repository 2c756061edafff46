"""Place a text that belonged to nobody for certain: a clinician says whose it is, and it is recorded as theirs."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import CheckInFacts, local_day
from recovery_api.domain.echoes import ECHO
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.domain.replies import READER_VERSION, Reply
from recovery_api.models import tables
from recovery_api.packs.reading import reply_reader
from recovery_api.services.find_day_asked import day_of_question
from recovery_api.services.find_recovery import find_recovery
from recovery_api.services.receive_sms import without_quotes
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.record_check_in import Recorded, Report, record_check_in


def place_text(scope: ClinicScope, message_id: UUID, patient_id: UUID, clinician: Actor, now: datetime) -> None:
    """Record what the text reports for this patient, at the time it came, and close it in the inbox.

    Nothing is sent: the clinician who placed it answers. Raises NotFound where no such text waits or there is no such
    patient, and Conflict where the text has a patient already, is one of ours that came back, or reports something of
    a patient in no recovery: it stays in the inbox.
    """
    patient = _take_turn(scope, patient_id)
    message = _waiting(scope, message_id)
    if message.patient_id is not None:
        raise Conflict("This text has a patient already.")
    if message.because == ECHO:
        raise Conflict("This is a text of ours that came back: it reports nothing.")
    link = _link(scope, patient_id, message.phone_digest)
    body = scope.vault.open("message.body", message.id, message.body_sealed)
    reply = reply_reader().read(body, "any", patient.language)
    recorded = _record(scope, patient, message, body, reply, link, clinician, now)
    placed = {
        "patient_id": patient_id,
        "contact_point_id": link.id if link else None,
        "disposition": "recorded" if recorded else message.disposition,
        "needs_person": False,
        "handled_at": now,
        "handled_by_id": clinician.id,
    }
    text = tables.message
    scope.connection.execute(
        update(text).where(text.c.clinic_id == scope.clinic_id, text.c.id == message_id).values(**placed)
    )
    record_audit(scope, clinician, "message.placed", ("message", message_id), now, patient_id)


def people_on_phones(scope: ClinicScope, phones: Sequence[str]) -> dict[str, set[UUID]]:
    """The patients for whom each of these phones (E.164) speaks."""
    digests = {scope.phone_digest(phone): phone for phone in phones}
    found: dict[str, set[UUID]] = {phone: set() for phone in phones}
    point = tables.contact_point
    rows = scope.connection.execute(
        select(point.c.phone_digest, point.c.patient_id).where(
            point.c.clinic_id == scope.clinic_id,
            point.c.phone_digest.in_(list(digests)),
            point.c.state != "wrong_person",
        )
    )
    for row in rows:
        found[digests[bytes(row.phone_digest)]].add(row.patient_id)
    return found


def _take_turn(scope: ClinicScope, patient_id: UUID) -> AnyRow:
    """The patient, locked first as an incoming text does, so that no answer of theirs is judged beside this one."""
    patient = tables.patient
    row = scope.connection.execute(
        select(patient.c.id, patient.c.language, patient.c.zone)
        .where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such patient.")
    return row


def _waiting(scope: ClinicScope, message_id: UUID) -> AnyRow:
    text = tables.message
    row = scope.connection.execute(
        select(text)
        .where(
            text.c.clinic_id == scope.clinic_id,
            text.c.id == message_id,
            text.c.direction == "in",
            text.c.handled_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such message that waits.")
    return row


def _link(scope: ClinicScope, patient_id: UUID, phone_digest: bytes) -> AnyRow | None:
    """The patient's own link with the phone, where there is one; an unknown phone is not linked by this."""
    point = tables.contact_point
    return scope.connection.execute(
        select(point.c.id, point.c.whose)
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.patient_id == patient_id,
            point.c.phone_digest == phone_digest,
            point.c.state != "wrong_person",
        )
        .order_by(point.c.created_at)
        .limit(1)
    ).one_or_none()


def _record(
    scope: ClinicScope,
    patient: AnyRow,
    message: AnyRow,
    body: str,
    reply: Reply,
    link: AnyRow | None,
    clinician: Actor,
    now: datetime,
) -> Recorded | None:
    """A check-in of what the text reports; None where it reports nothing. Raises Conflict where nobody would judge."""
    if reply.pain is None and not reply.symptoms and reply.tier is None:
        return None
    try:
        recovery = find_recovery(scope, patient.id).recovery
    except NotFound:
        raise Conflict("No recovery of this patient is running: call, and close the text with a note.") from None
    report = Report(
        facts=CheckInFacts(pain=reply.pain, symptoms=tuple(sorted(reply.symptoms)), answered_symptoms=True),
        channel="sms",
        recorded_at=message.created_at,
        local_on=_day(scope, patient, message, link),
        answered_by="caregiver" if reply.proxy else link.whose if link else "patient",
        actor=clinician,
        message_id=message.id,
        quote=body,
        qualifier=reply.qualifier,
        words_tier=reply.tier,
        words_because=without_quotes(reply.because),
        reader_version=READER_VERSION,
    )
    return record_check_in(scope, recovery, report, now)


def _day(scope: ClinicScope, patient: AnyRow, message: AnyRow, link: AnyRow | None) -> date:
    """The day whose question the text answers; its own where nothing was asked on that phone."""
    asked_on = day_of_question(scope, link.id, message.phone_digest, message.created_at) if link else None
    return asked_on or local_day(message.created_at, ZoneInfo(patient.zone))
