"""Add a patient to a clinic: the person, and the phone that reaches them with what they agreed to."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid
from recovery_api.domain.labels import default_label
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.texts import message_pack
from recovery_api.services.read_phone import read_phone
from recovery_api.services.record_audit import Actor, record_audit

OLDEST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be added as a patient; the label is what a shared phone is asked by, their initials if empty."""

    given_name: str
    family_name: str
    born_on: date
    phone: str
    sex: str = "unknown"
    language: str = "en"
    zone: str = "America/New_York"
    label: str = ""
    record_number: str | None = None


@dataclass(frozen=True, slots=True)
class AddedPatient:
    """The rows of a new patient."""

    patient_id: UUID
    contact_point_id: UUID


def add_patient(scope: ClinicScope, new: NewPerson, actor: Actor, now: datetime) -> AddedPatient:
    """Store a patient with a phone. Raises Invalid. The caller commits."""
    phone, zone = read_phone(new.phone), check_zone(new.zone)
    check_language(new.language)
    check_birth(new.born_on, now)
    added = AddedPatient(new_id(), new_id())
    scope.connection.execute(insert(tables.patient), _patient_row(scope, new, added.patient_id, zone, now))
    _insert_phone(scope, new, added, phone, now)
    record_audit(scope, actor, "patient.enrolled", ("patient", added.patient_id), now, added.patient_id)
    return added


def check_zone(name: str) -> str:
    """The name of an IANA time zone. Raises Invalid."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("must be an IANA time zone such as America/New_York", field="zone") from None


def check_language(language: str) -> None:
    """Raise Invalid where there are no texts in a language."""
    if language not in message_pack().languages:
        raise Invalid(f"must be one of {', '.join(message_pack().languages)}", field="language")


def check_birth(born_on: date, now: datetime) -> None:
    """Raise Invalid where nobody alive can have been born on that day."""
    if not OLDEST_BIRTH <= born_on <= now.date():
        raise Invalid(f"must lie between {OLDEST_BIRTH} and today", field="born_on")


def _patient_row(scope: ClinicScope, new: NewPerson, patient_id: UUID, zone: str, now: datetime) -> dict[str, object]:
    return {
        "clinic_id": scope.clinic_id,
        "id": patient_id,
        "given_name_sealed": scope.seal("patient.given_name", patient_id, new.given_name),
        "family_name_sealed": scope.seal("patient.family_name", patient_id, new.family_name),
        "born_on_sealed": scope.seal("patient.born_on", patient_id, new.born_on.isoformat()),
        "record_number_sealed": scope.seal("patient.record_number", patient_id, new.record_number),
        "sex": new.sex,
        "language": new.language,
        "zone": zone,
        "created_at": now,
    }


def _insert_phone(scope: ClinicScope, new: NewPerson, added: AddedPatient, phone: str, now: datetime) -> None:
    digest = scope.phone_digest(phone)
    scope.connection.execute(
        insert(tables.contact_point),
        {
            "clinic_id": scope.clinic_id,
            "id": added.contact_point_id,
            "patient_id": added.patient_id,
            "whose": "patient",
            "label": new.label or default_label(new.given_name, new.family_name, _labels_on(scope, digest)),
            "phone_sealed": scope.seal("contact_point.phone", added.contact_point_id, phone),
            "phone_digest": digest,
            "created_at": now,
        },
    )
    scope.connection.execute(
        insert(tables.consent),
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "patient_id": added.patient_id,
            "contact_point_id": added.contact_point_id,
            "purpose": "care_texts",
            "channel": "sms",
            "granted": True,
            "words_key": "enrol_ask",
            "words_version": message_pack().version,
            "source": "enrolment",
            "recorded_at": now,
        },
    )


def _labels_on(scope: ClinicScope, phone_digest: bytes) -> list[str]:
    """The labels that a phone is asked by already."""
    point = tables.contact_point
    chosen = select(point.c.label).where(point.c.clinic_id == scope.clinic_id, point.c.phone_digest == phone_digest)
    return list(scope.connection.execute(chosen).scalars())
