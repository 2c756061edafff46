"""What the phone page knows and does: the patients that can be played, what is due, and the stories."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.patient_facts import PatientFacts, read_patients
from recovery_api.services.read_thread import Text

STORIES: dict[str, tuple[str, ...]] = {
    "normal": ("3", "2", "2"),
    "climbs": ("3", "8", "8"),
    "weakness": ("my legs feel weak since last night",),
    "silent": (),
}
SILENT_DAYS = 4


@dataclass(frozen=True, slots=True)
class Playable:
    """One patient with the phone that plays them."""

    patient: PatientFacts
    phone: str
    is_flagged: bool
    channel: str = "sms"


def demo_clinic() -> UUID:
    """The clinic of the demo: the only one there, or the first."""
    return min(list_clinics())


def playable_patients(scope: ClinicScope) -> list[Playable]:
    """Every patient with a phone, those with an open flag first."""
    point, flag = tables.contact_point, tables.flag
    phones = {
        row.patient_id: (scope.vault.open("contact_point.phone", row.id, row.phone_sealed), row.channel)
        for row in scope.connection.execute(
            select(point.c.id, point.c.patient_id, point.c.phone_sealed, point.c.channel).where(
                point.c.clinic_id == scope.clinic_id
            )
        )
    }
    flagged = set(
        scope.connection.execute(
            select(flag.c.patient_id).where(flag.c.clinic_id == scope.clinic_id, flag.c.status != "resolved")
        ).scalars()
    )
    known = [patient for patient in read_patients(scope) if patient.id in phones]
    found = [Playable(one, phones[one.id][0], one.id in flagged, phones[one.id][1]) for one in known]
    return sorted(found, key=lambda one: (one.patient.family_name, one.patient.given_name))


def nameless_texts(scope: ClinicScope, phone: str) -> list[Text]:
    """The texts to a phone that name no patient, so that no clinician reads them: the six digits for the app."""
    message = tables.message
    rows = scope.connection.execute(
        select(message).where(
            message.c.clinic_id == scope.clinic_id,
            message.c.phone_digest == scope.phone_digest(phone),
            message.c.direction == "out",
            message.c.patient_id.is_(None),
            message.c.clinician_id.is_(None),
        )
    )
    return [
        Text(
            id=row.id,
            direction=row.direction,
            body=scope.vault.open("message.body", row.id, row.body_sealed),
            at=row.created_at,
            state=row.state,
            purpose=row.purpose,
            error_code=row.error_code,
            disposition=None,
            because=None,
            needs_person=False,
        )
        for row in rows
    ]


def next_due(scope: ClinicScope, patient: PatientFacts, now: datetime) -> datetime | None:
    """When this patient's next reminder falls due."""
    reminder = tables.reminder
    return scope.connection.execute(
        select(func.min(reminder.c.due_at)).where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == patient.episode_id,
            reminder.c.state == "planned",
            reminder.c.due_at > now,
        )
    ).scalar()


def step_of(name: str) -> timedelta | None:
    """How far a button of the clock moves time; None for the one that goes to the next message."""
    return {"hour": timedelta(hours=1), "day": timedelta(days=1)}.get(name)
