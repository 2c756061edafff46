"""Read what was done for somebody who was just enrolled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.ask_once import ask_once
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A patient, the first phone, and when the first reminder is due; without an episode the day is still open."""

    given_name: str
    family_name: str
    phone: str
    channel: str
    episode_id: UUID | None
    next_due_at: datetime | None


def read_enrolled(scope: ClinicScope, patient_id: UUID, viewer: Actor, now: datetime) -> Enrolled:
    """What stands for a new patient; the look is audited. Raises NotFound."""
    found = read_patients(scope, [patient_id])
    if not found:
        raise NotFound("There is no such patient.")
    patient = found[0]
    more = ask_once(scope, phones=_phone_of(scope, patient_id), due=_next_due(scope, patient.episode_id, now))
    phone = next(iter(more["phones"]), None)
    record_audit(scope, viewer, "patient.viewed", ("patient", patient_id), now, patient_id)
    return Enrolled(
        patient.given_name,
        patient.family_name,
        scope.vault.open("contact_point.phone", phone.id, phone.phone_sealed) if phone else "",
        phone.channel if phone else "",
        patient.episode_id,
        next((one.due_at for one in more["due"]), None),
    )


def _phone_of(scope: ClinicScope, patient_id: UUID) -> Select[Any]:
    point = tables.contact_point
    return (
        select(point.c.id, point.c.phone_sealed, point.c.channel)
        .where(point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id, point.c.whose == "patient")
        .order_by(point.c.created_at)
        .limit(1)
    )


def _next_due(scope: ClinicScope, episode_id: UUID | None, now: datetime) -> Select[Any]:
    reminder = tables.reminder
    return (
        select(reminder.c.due_at)
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.state == "planned",
            reminder.c.due_at > now,
        )
        .order_by(reminder.c.due_at)
        .limit(1)
    )
