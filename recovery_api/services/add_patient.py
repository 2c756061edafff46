"""Add a patient to a clinic: the person, and the phone that reaches them with what they agreed to."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid
from recovery_api.domain.local_time import zone_named
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.texts import message_pack
from recovery_api.services.invite_phone import NewPhone, link_phone
from recovery_api.services.read_phone import read_phone
from recovery_api.services.record_audit import Actor, record_audit

OLDEST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be added as a patient; the label is what a shared phone is asked by, their initials if empty.

    `has_joined` where they agreed to texts from that very phone before; everybody else is asked first.
    """

    given_name: str
    family_name: str
    born_on: date
    phone: str
    sex: str = "unknown"
    language: str = "en"
    zone: str = "America/New_York"
    label: str = ""
    record_number: str | None = None
    has_joined: bool = False
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class AddedPatient:
    """The rows of a new patient."""

    patient_id: UUID
    contact_point_id: UUID


def add_patient(scope: ClinicScope, new: NewPerson, actor: Actor, now: datetime) -> AddedPatient:
    """Store a patient with a phone, and ask it to join. Raises Invalid. The caller commits."""
    phone, zone = read_phone(new.phone), check_zone(new.zone)
    check_language(new.language)
    check_birth(new.born_on, now)
    patient_id = new_id()
    scope.connection.execute(insert(tables.patient), _patient_row(scope, new, patient_id, zone, now))
    link = NewPhone(
        patient_id, phone, new.given_name, new.family_name, new.language, zone,
        label=new.label, has_joined=new.has_joined, channel=new.channel,
    )  # fmt: skip
    added = AddedPatient(patient_id, link_phone(scope, link, now))
    record_audit(scope, actor, "patient.enrolled", ("patient", added.patient_id), now, added.patient_id)
    return added


def check_zone(name: str) -> str:
    """The name of an IANA time zone. Raises Invalid."""
    try:
        return zone_named(name).key
    except ValueError:
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
