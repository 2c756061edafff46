"""A chart opened for an hour to somebody whose role opens none: with a reason, written down, and told to the lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid, NotFound
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.models.log_ins import LOOK_REASONS
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.record_audit import Actor, record_audit

LASTS = timedelta(minutes=60)
LEAST_WORDS, MOST_WORDS = 15, 500  # characters
SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Look:
    """One look in an emergency: who took it at whose chart, why, and from when to when."""

    by: str
    patient_id: UUID
    reason: str
    words: str
    begins_at: datetime
    ends_at: datetime


def begin_look(
    scope: ClinicScope, family_name: str, born_on: date, reason: str, words: str, actor: Actor, now: datetime
) -> UUID:
    """Open the one chart of that family name and birth date for an hour; returns the patient. Audited.

    Raises Invalid for a reason that is none, NotFound where no patient, or more than one, is meant.
    """
    said = " ".join(words.split())
    if reason not in LOOK_REASONS:
        raise Invalid("must be chosen", field="reason")
    if not LEAST_WORDS <= len(said) <= MOST_WORDS:
        raise Invalid(f"must have {LEAST_WORDS} to {MOST_WORDS} characters", field="words")
    patient_id, look_id = _find(scope, family_name, born_on), new_id()
    scope.connection.execute(
        insert(tables.emergency_look),
        {
            "clinic_id": scope.clinic_id,
            "id": look_id,
            "clinician_id": actor.id,
            "patient_id": patient_id,
            "reason": reason,
            "words_sealed": scope.seal("emergency_look.words", look_id, said),
            "begins_at": now,
            "ends_at": now + LASTS,
        },
    )
    subject = ("emergency_look", look_id)
    record_audit(scope, actor, "emergency_look.begun", subject, now, patient_id, {"reason": reason})
    return patient_id


def may_look(scope: ClinicScope, clinician_id: UUID, patient_id: UUID, now: datetime) -> bool:
    """Whether an hour of somebody's at this chart is running."""
    look = tables.emergency_look
    running = select(look.c.id).where(
        look.c.clinic_id == scope.clinic_id,
        look.c.clinician_id == clinician_id,
        look.c.patient_id == patient_id,
        look.c.begins_at <= now,
        look.c.ends_at > now,
    )
    return scope.connection.execute(running.limit(1)).first() is not None


def list_looks(scope: ClinicScope, now: datetime) -> Sequence[Look]:
    """The looks of the last thirty days, the newest first."""
    look, clinician = tables.emergency_look, tables.clinician
    rows = scope.connection.execute(
        select(look, clinician.c.name_sealed)
        .join(clinician, (clinician.c.clinic_id == look.c.clinic_id) & (clinician.c.id == look.c.clinician_id))
        .where(look.c.clinic_id == scope.clinic_id, look.c.begins_at > now - SHOWN_FOR)
        .order_by(look.c.begins_at.desc(), look.c.id.desc())
    )
    return [
        Look(
            scope.vault.open("clinician.name", row.clinician_id, row.name_sealed),
            row.patient_id,
            row.reason,
            scope.vault.open("emergency_look.words", row.id, row.words_sealed),
            row.begins_at,
            row.ends_at,
        )
        for row in rows
    ]


def _find(scope: ClinicScope, family_name: str, born_on: date) -> UUID:
    wanted = " ".join(family_name.casefold().split())
    found = [one for one in read_patients(scope) if one.born_on == born_on and one.family_name.casefold() == wanted]
    if len(found) != 1:
        raise NotFound("No one patient has this family name and birth date.")
    return found[0].id
