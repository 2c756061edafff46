"""The phones of a patient: a caregiver's or a second one is asked to join; a wrong one is put away for good."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.change_consent import Evidence, stop_link
from recovery_api.services.invite_phone import NewPhone, link_phone
from recovery_api.services.read_phone import read_phone
from recovery_api.services.record_audit import Actor, record_audit


def add_phone(
    scope: ClinicScope,
    patient_id: UUID,
    phone: str,
    actor: Actor,
    now: datetime,
    *,
    whose: str,
    label: str = "",
    channel: str = "sms",
) -> UUID:
    """Link one more phone and ask it to join, a landline by its first call; returns the link.

    Raises Invalid, NotFound or Conflict.
    """
    patient = tables.patient
    row = scope.connection.execute(
        select(patient).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such patient.")
    new = NewPhone(
        patient_id=patient_id,
        phone=read_phone(phone),
        given_name=scope.vault.open("patient.given_name", row.id, row.given_name_sealed),
        family_name=scope.vault.open("patient.family_name", row.id, row.family_name_sealed),
        language=row.language,
        zone=row.zone,
        whose=whose,
        label=label,
        channel=channel,
    )
    point_id = link_phone(scope, new, now)
    record_audit(scope, actor, "phone.added", ("contact_point", point_id), now, patient_id, {"whose": whose})
    return point_id


def put_wrong_phone_away(scope: ClinicScope, patient_id: UUID, phone_id: UUID, actor: Actor, now: datetime) -> None:
    """A clinician confirms that a phone is not this patient's: texts stop and no text ever brings it back.

    Raises NotFound where it is not a phone of the patient.
    """
    point = tables.contact_point
    found = scope.connection.execute(
        select(point.c.id)
        .where(point.c.clinic_id == scope.clinic_id, point.c.id == phone_id, point.c.patient_id == patient_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such phone of this patient.")
    stop_link(scope, phone_id, Evidence("wrong_number_confirmed"), now)
    scope.connection.execute(
        update(point).where(point.c.clinic_id == scope.clinic_id, point.c.id == phone_id).values(state="wrong_person")
    )
    record_audit(scope, actor, "phone.put_away", ("contact_point", phone_id), now, patient_id)
