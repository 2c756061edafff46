"""A clinician writes to a patient: their own words, through the outbox like every other text."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.models import tables
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.record_audit import Actor, record_audit

LONGEST_TEXT = 480


def write_to_patient(scope: ClinicScope, patient_id: UUID, body: str, author: Actor, now: datetime) -> UUID:
    """Queue `body` for the patient's own phone; returns the message. Raises Invalid, NotFound or Conflict."""
    words = body.strip()
    if not words:
        raise Invalid("is empty", field="body")
    if len(words) > LONGEST_TEXT:
        raise Invalid(f"must be at most {LONGEST_TEXT} characters", field="body")
    point, patient = tables.contact_point, tables.patient
    rows = scope.connection.execute(
        select(point.c.id, point.c.phone_sealed, point.c.state, point.c.whose, patient.c.language)
        .select_from(patient)
        .outerjoin(point, (point.c.clinic_id == patient.c.clinic_id) & (point.c.patient_id == patient.c.id))
        .where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
        .order_by(point.c.whose.desc(), point.c.created_at)
    ).all()
    if not rows:
        raise NotFound("There is no such patient.")
    usable = next((row for row in rows if row.state == "active" and row.whose == "patient"), None)
    if usable is None:
        raise Conflict("This patient's phone takes no texts. Please call.")
    phone = scope.vault.open("contact_point.phone", usable.id, usable.phone_sealed)
    text = Outgoing(Recipient(phone, usable.language, usable.id, patient_id), "service", own_words=words)
    [message_id] = queue_texts(scope, [text], now)
    record_audit(scope, author, "message.written", ("message", message_id), now, patient_id)
    return message_id
