"""List flags for a program: a page of the worklist, each flag with the name of the person it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recovery_api.db import ClinicScope
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.read_flags import FlagFacts, FlagQuery, read_flags
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class NamedFlag:
    """A flag and a name; whatever a flag has can be read from it."""

    flag: FlagFacts
    patient_name: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.flag, name)


def list_worklist(scope: ClinicScope, query: FlagQuery, viewer: Actor, now: datetime) -> Sequence[NamedFlag]:
    """The flags of a query in the worklist's order; the look is audited."""
    flags = read_flags(scope, query)
    wanted = list({flag.patient_id for flag in flags if flag.patient_id is not None})
    patients = read_patients(scope, wanted) if wanted else []
    names = {patient.id: f"{patient.family_name}, {patient.given_name}" for patient in patients}
    record_audit(scope, viewer, "flags.listed", ("clinic", scope.clinic_id), now, None, {"found": len(flags)})
    return [NamedFlag(flag, names.get(flag.patient_id, "") if flag.patient_id else "") for flag in flags]
