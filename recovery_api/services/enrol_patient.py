"""Enrol a patient: the person, the phone, the procedure, the recovery and its plan, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.services.add_patient import NewPerson, add_patient
from recovery_api.services.record_audit import Actor
from recovery_api.services.start_episode import NewEpisode, start_episode


@dataclass(frozen=True, slots=True)
class NewPatient:
    """A patient to be enrolled; no text but the question to join leaves before they do, unless they `has_joined`."""

    given_name: str
    family_name: str
    born_on: date
    phone: str
    performed_on: date
    levels: Sequence[str]
    sex: str = "unknown"
    language: str = "en"
    zone: str = "America/New_York"
    baseline_pain: int | None = None
    check_in_time: time = time(9, 30)
    label: str = ""
    record_number: str | None = None
    visits: Sequence[datetime] = field(default_factory=tuple)
    has_joined: bool = False


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The rows of a new patient."""

    patient_id: UUID
    episode_id: UUID
    contact_point_id: UUID


def enrol_patient(scope: ClinicScope, new: NewPatient, actor: Actor, now: datetime) -> Enrolled:
    """Store the patient and plan the first two weeks. Raises Invalid. The caller commits."""
    person = NewPerson(
        given_name=new.given_name,
        family_name=new.family_name,
        born_on=new.born_on,
        phone=new.phone,
        sex=new.sex,
        language=new.language,
        zone=new.zone,
        label=new.label,
        record_number=new.record_number,
        has_joined=new.has_joined,
    )
    episode = NewEpisode(new.performed_on, new.levels, new.baseline_pain, new.check_in_time, new.visits)
    added = add_patient(scope, person, actor, now)
    episode_id = start_episode(scope, added.patient_id, episode, actor, now)
    return Enrolled(added.patient_id, episode_id, added.contact_point_id)
