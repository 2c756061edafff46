"""Read a patient's record card: who they are, their phones and their recoveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.services.patient_facts import PatientFacts, read_patients
from recovery_api.services.read_episode import EpisodeRead, list_episodes
from recovery_api.services.read_patient import Phone, read_phones
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient with phones and recoveries, the newest recovery first."""

    patient: PatientFacts
    phones: Sequence[Phone]
    episodes: Sequence[EpisodeRead]


def read_record(scope: ClinicScope, patient_id: UUID, viewer: Actor, now: datetime) -> PatientRecord:
    """One patient's card; the look is audited. Raises NotFound."""
    found = read_patients(scope, [patient_id])
    if not found:
        raise NotFound("There is no such patient.")
    record_audit(scope, viewer, "patient.viewed", ("patient", patient_id), now, patient_id)
    return PatientRecord(found[0], read_phones(scope, patient_id), list_episodes(scope, patient_id, now))
