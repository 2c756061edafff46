"""Read what stands around a patient's story: other recoveries, consents, deeds, looks, colleagues, and the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.ask_once import ask_once
from recovery_api.services.read_counts import Counts, counts_asked, counts_told
from recovery_api.services.read_deeds import Look, PatientDeed, deeds_asked, deeds_told, looks_asked, looks_told
from recovery_api.services.read_flags import FlagQuery, flags_asked, flags_told
from recovery_api.services.read_standing import (
    ConsentLine,
    EpisodeLine,
    consents_asked,
    consents_told,
    episodes_asked,
    episodes_told,
)
from recovery_api.services.read_worklist import WorklistEntry, entries_of

OPEN = ("open", "acknowledged", "snoozed")
_AT_WORK = ("nurse", "clinician", "lead")


@dataclass(frozen=True, slots=True)
class Queue:
    """Who needs somebody, without names and answers: for the place of one patient among them."""

    entries: tuple[WorklistEntry, ...]
    counts: Counts
    names: Mapping[UUID, AnyRow]

    def name_of(self, scope: ClinicScope, patient_id: UUID) -> str:
        """The name of a patient of the queue, in clear; names are opened one by one, as most are not shown."""
        row = self.names[patient_id]
        family_name = scope.vault.open("patient.family_name", row.id, row.family_name_sealed)
        return f"{family_name}, {scope.vault.open('patient.given_name', row.id, row.given_name_sealed)}"


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the story; `colleagues` are those who can be given a flag, by name."""

    episodes: Sequence[EpisodeLine]
    consents: Sequence[ConsentLine]
    deeds: Sequence[PatientDeed]
    looks: Sequence[Look]
    colleagues: Sequence[tuple[str, UUID]]
    queue: Queue


def read_around(scope: ClinicScope, patient_id: UUID, viewer: UUID, now: datetime) -> Around:
    """All of it in one statement, whatever its length; `viewer` is a clinician who is not among the colleagues."""
    found = ask_once(
        scope,
        episodes=episodes_asked(scope, patient_id),
        consents=consents_asked(scope, patient_id),
        deeds=deeds_asked(scope, patient_id),
        looks=looks_asked(scope, patient_id),
        colleagues=_colleagues_asked(scope),
        flags=flags_asked(scope, FlagQuery(status=OPEN)),
        names=_names_asked(scope),
        counts=counts_asked(scope),
    )
    others = [row for row in found["colleagues"] if row.id != viewer]
    flags = flags_told(scope, found["flags"])
    return Around(
        episodes=episodes_told(scope, found["episodes"]),
        consents=consents_told(found["consents"]),
        deeds=deeds_told(scope, found["deeds"]),
        looks=looks_told(scope, found["looks"]),
        colleagues=sorted((scope.vault.open("clinician.name", row.id, row.name_sealed), row.id) for row in others),
        queue=Queue(
            entries=entries_of(scope, flags, {}, {}, {}, now),
            counts=counts_told(found["counts"]),
            names={row.id: row for row in found["names"]},
        ),
    )


def _colleagues_asked(scope: ClinicScope) -> Select[Any]:
    clinician = tables.clinician
    return select(clinician.c.id, clinician.c.name_sealed).where(
        clinician.c.clinic_id == scope.clinic_id,
        clinician.c.disabled_at.is_(None),
        clinician.c.is_synthetic.is_(False),
        clinician.c.role.in_(_AT_WORK),
    )


def _names_asked(scope: ClinicScope) -> Select[Any]:
    """The sealed names of everybody with an open flag."""
    patient, flag = tables.patient, tables.flag
    flagged = select(flag.c.patient_id).where(flag.c.clinic_id == scope.clinic_id, flag.c.status.in_(OPEN))
    return select(patient.c.id, patient.c.given_name_sealed, patient.c.family_name_sealed).where(
        patient.c.clinic_id == scope.clinic_id, patient.c.id.in_(flagged)
    )
