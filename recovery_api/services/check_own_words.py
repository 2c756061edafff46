"""Hold a clinician's own words to what holds for every text: no name, diagnosis, procedure or carrier's answer."""

from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Invalid, PrivateWords
from recovery_api.domain.private_words import (
    KnownNames,
    carrier_answers,
    name_parts,
    named_conditions,
    named_people,
    without_allowed,
)
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.packs.texts import everyday_words
from recovery_api.services.queue_texts import standing_values
from recovery_api.vault import SealBroken


def check_own_words(scope: ClinicScope, patient_id: UUID, words: str) -> None:
    """Raise PrivateWords naming every word that the text may not carry, or Invalid for a word that carriers act on.

    The clinic's own name, phones and links are let through, whatever they hold. Names are sealed, so that all names
    of the clinic are opened for this.
    """
    said = without_allowed(words, [*standing_values(scope).values(), scope.number])
    names, conditions = named_people(said, _names(scope, patient_id)), named_conditions(said)
    if names or conditions:
        raise PrivateWords(names, conditions, field="body")
    for word in carrier_answers(said):
        raise Invalid(f"uses {word} as an answer", field="body")


def _names(scope: ClinicScope, patient_id: UUID) -> KnownNames:
    """The names of the patient, and those of the clinic's other patients that are nobody's at work there."""
    patient, clinician = tables.patient, tables.clinician
    people = scope.connection.execute(
        select(patient.c.id, patient.c.given_name_sealed, patient.c.family_name_sealed).where(
            patient.c.clinic_id == scope.clinic_id, patient.c.is_synthetic.is_(False)
        )
    ).all()
    staff = scope.connection.execute(
        select(clinician.c.id, clinician.c.name_sealed).where(clinician.c.clinic_id == scope.clinic_id)
    ).all()
    named = {row.id: _parts(scope, row) for row in people}
    others = frozenset[str]().union(*named.values())
    at_work = name_parts(*(_open(scope, "clinician.name", row.id, row.name_sealed) for row in staff))
    return KnownNames(named.get(patient_id, frozenset()), others - at_work, everyday_words())


def _parts(scope: ClinicScope, row: AnyRow) -> frozenset[str]:
    given = _open(scope, "patient.given_name", row.id, row.given_name_sealed)
    return name_parts(given, _open(scope, "patient.family_name", row.id, row.family_name_sealed))


def _open(scope: ClinicScope, place: str, row_id: UUID, sealed: bytes) -> str:
    """A name in clear; none where its seal is broken, so that the clinic can write to everybody all the same."""
    try:
        return scope.vault.open(place, row_id, sealed)
    except SealBroken:
        warn("name.unreadable", clinic_id=str(scope.clinic_id), row_id=str(row_id))
        return ""
