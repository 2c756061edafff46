"""Put calls into their outbox: the call and its place in the queue, in the caller's transaction."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables

KIND = "call"
_PRIORITY = 5


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call to be made: on whose phone, about which day, between when and when; `try_number` counts from 1."""

    contact_point_id: UUID
    phone_digest: bytes
    patient_id: UUID
    episode_id: UUID
    language: str
    asked_on: date
    due_at: datetime
    expires_at: datetime
    reminder_id: UUID
    try_number: int = 1


def queue_call(scope: ClinicScope, call: PlannedCall, now: datetime) -> UUID:
    """Add one call to the outbox and return its id; one try of a reminder is planned once."""
    call_id = new_id()
    row = {
        "clinic_id": scope.clinic_id,
        "id": call_id,
        "direction": "out",
        "state": "planned",
        "phone_digest": call.phone_digest,
        "our_number": scope.number,
        "contact_point_id": call.contact_point_id,
        "patient_id": call.patient_id,
        "episode_id": call.episode_id,
        "language": call.language,
        "asked_on": call.asked_on,
        "created_at": now,
        "reminder_id": call.reminder_id,
        "try_number": call.try_number,
        "due_at": call.due_at,
        "expires_at": call.expires_at,
        "talk": {},
    }
    work = {
        "clinic_id": scope.clinic_id,
        "kind": KIND,
        "row_id": call_id,
        "due_at": call.due_at,
        "priority": _PRIORITY,
        "held_until": real_now(),
    }
    scope.write_late(tables.phone_call, [row])
    scope.write_late(tables.due_work, [work])
    return call_id
