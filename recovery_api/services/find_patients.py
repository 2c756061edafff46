"""Find patients of a clinic: a page of all of them, or those whose name, record number or phone was asked for."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid
from recovery_api.services.patient_facts import PatientFacts, read_patients
from recovery_api.services.place_text import people_on_phones
from recovery_api.services.read_phone import read_phone
from recovery_api.services.record_audit import Actor, record_audit


def find_patients(
    scope: ClinicScope, words: str, after: UUID | None, limit: int, viewer: Actor, now: datetime
) -> Sequence[PatientFacts]:
    """Up to `limit` patients in the order in which they were added, `after` one of them; the look is audited.

    Names are sealed, so that a search opens every name of the clinic; it never leaves the clinic.
    """
    wanted = _plain(words).split()
    if wanted:
        everybody, on_phone = read_patients(scope), _on_phone(scope, words)
        fitting = (one for one in everybody if one.id in on_phone or _fits(one, wanted))
        found = [one for one in fitting if after is None or one.id > after][:limit]
    else:
        found = read_patients(scope, after=after, limit=limit)
    record_audit(scope, viewer, "patients.listed", ("clinic", scope.clinic_id), now, None, {"found": len(found)})
    return found


def _on_phone(scope: ClinicScope, words: str) -> set[UUID]:
    """For whom the phone speaks, where the words are a whole number."""
    try:
        phone = read_phone(words)
    except Invalid:
        return set()
    return people_on_phones(scope, [phone])[phone]


def sort_key(patient: PatientFacts) -> tuple[str, str, UUID]:
    """Where a patient stands in a list by name, whatever the accents; the oldest entry first among namesakes."""
    return _plain(patient.family_name), _plain(patient.given_name), patient.id


def _fits(patient: PatientFacts, wanted: Sequence[str]) -> bool:
    said = _plain(f"{patient.given_name} {patient.family_name} {patient.record_number or ''}").split()
    return all(any(word.startswith(part) for word in said) for part in wanted)


def _plain(text: str) -> str:
    """Without case and accents, so that 'Munoz' finds 'Muñoz'; a comma between names does not count."""
    decomposed = unicodedata.normalize("NFKD", text.replace(",", " "))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
