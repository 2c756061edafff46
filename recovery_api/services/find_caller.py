"""Find who calls: from the secret of an access token to a person, inside their clinic, in one open transaction."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from recovery_api.db import ClinicScope, Vaults, enter_clinic
from recovery_api.models import tables
from recovery_api.services.credentials import identify
from recovery_api.services.record_audit import Actor

PATIENT_TOKEN, STAFF_TOKEN = "rta_", "rts_"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a living access token; the transaction belongs to their clinic from now on."""

    scope: ClinicScope
    id: UUID
    role: str

    @property
    def actor(self) -> Actor:
        """The caller as the audit names them."""
        return Actor("patient" if self.role == "patient" else "clinician", self.id, self.role)


def find_caller(connection: Connection, secret: str, vaults: Vaults) -> Caller | None:
    """Whose token this is, or None where it is worth nothing or its owner is no longer active."""
    if secret.startswith(PATIENT_TOKEN):
        return _find(connection, "patient_access", secret, vaults)
    if secret.startswith(STAFF_TOKEN):
        return _find(connection, "staff_access", secret, vaults)
    return None


_patient, _clinician = tables.patient, tables.clinician
_PATIENT_ROLE = select(_patient.c.status).where(
    _patient.c.clinic_id == bindparam("clinic"), _patient.c.id == bindparam("id"), _patient.c.status == "active"
)
_STAFF_ROLE = select(_clinician.c.role).where(
    _clinician.c.clinic_id == bindparam("clinic"),
    _clinician.c.id == bindparam("id"),
    _clinician.c.disabled_at.is_(None),
)


def _find(connection: Connection, kind: str, secret: str, vaults: Vaults) -> Caller | None:
    bearer = identify(connection, kind, secret)
    if bearer is None:
        return None
    scope = enter_clinic(connection, bearer.clinic_id, vaults)
    statement = _PATIENT_ROLE if kind == "patient_access" else _STAFF_ROLE
    found = connection.execute(statement, {"clinic": bearer.clinic_id, "id": bearer.subject_id}).scalar()
    if found is None:
        return None
    return Caller(scope, bearer.subject_id, "patient" if kind == "patient_access" else found)
