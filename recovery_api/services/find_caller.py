"""Find who calls: from the secret of an access token to a person, inside their clinic, in one open transaction."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, ask_to_enter_by, entering, scope_of
from recovery_api.prepared import Prepared, together
from recovery_api.services.credentials import digest_of
from recovery_api.services.record_audit import Actor

PATIENT_TOKEN, STAFF_TOKEN = "rta_", "rts_"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a living access token; the transaction belongs to their clinic from now on."""

    scope: ClinicScope
    id: UUID
    role: str
    key_thumbprint: bytes | None = None  # of the key that the token is bound to

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


_BEARER = """
SELECT subject_id, key_thumbprint, set_config('app.clinic', clinic_id::text, true)::uuid AS clinic_id
FROM credential WHERE digest = :digest AND kind = :kind AND revoked_at IS NULL AND expires_at > :now
"""
_PERSON = """
JOIN LATERAL (
    SELECT {role} AS role FROM {table} AS p
    WHERE p.clinic_id = entered.clinic_id AND p.id = entered.subject_id AND {active} OFFSET 0
) person ON true
"""
_ALSO = ", entered.subject_id, entered.key_thumbprint, person.role"


def _statement(**of_person: str) -> Prepared:
    return entering(_BEARER, also=_ALSO, joined=_PERSON.format(**of_person))


_STATEMENTS = {
    "patient_access": _statement(table="patient", role="'patient'", active="p.status = 'active'"),
    "staff_access": _statement(table="clinician", role="p.role", active="p.disabled_at IS NULL"),
}


def _find(connection: Connection, kind: str, secret: str, vaults: Vaults) -> Caller | None:
    """The token, its clinic and its owner's role, in one statement; nothing is entered before the token is believed."""
    values = {"digest": digest_of(secret), "kind": kind, "now": real_now()}
    with together(connection):
        asked = ask_to_enter_by(connection, _STATEMENTS[kind], values)
    row = asked.first()
    if row is None:
        return None
    return Caller(scope_of(connection, row, vaults), row.subject_id, row.role, row.key_thumbprint)
