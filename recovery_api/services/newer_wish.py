"""Did a phone say something newer than a text that is filed late? The last word holds, in whichever order they come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from recovery_api.db import ClinicScope
from recovery_api.models import tables

_STOPS = ("opted_out", "wrong_person", "deceased")
_SAID_BY_OTHERS = ("carrier", "wrong_number_confirmed")  # stops that no text to us brought about


def stopped_since(scope: ClinicScope, phone_digest: bytes, at: datetime) -> bool:
    """Whether this phone's texts were stopped after `at`: by a text that was written later, or at the carrier."""
    scope.flush()
    message, consent, point = tables.message, tables.consent, tables.contact_point
    said = exists().where(
        message.c.clinic_id == scope.clinic_id,
        message.c.phone_digest == phone_digest,
        message.c.direction == "in",
        message.c.created_at > at,
        message.c.disposition.in_(_STOPS),
    )
    learned = exists().where(
        consent.c.clinic_id == scope.clinic_id,
        consent.c.recorded_at > at,
        consent.c.granted.is_(False),
        consent.c.source.in_(_SAID_BY_OTHERS),
        consent.c.contact_point_id == point.c.id,
        point.c.clinic_id == scope.clinic_id,
        point.c.phone_digest == phone_digest,
    )
    return bool(scope.connection.execute(select(said | learned)).scalar())


def begun_since(scope: ClinicScope, phone_digest: bytes, patient_id: UUID | None, at: datetime) -> bool:
    """Whether a START of the same person, or of the phone in nobody's name, was written after `at`."""
    scope.flush()
    message = tables.message
    said = exists().where(
        message.c.clinic_id == scope.clinic_id,
        message.c.phone_digest == phone_digest,
        message.c.patient_id.is_not_distinct_from(patient_id),
        message.c.direction == "in",
        message.c.created_at > at,
        message.c.disposition == "opted_in",
    )
    return bool(scope.connection.execute(select(said)).scalar())
