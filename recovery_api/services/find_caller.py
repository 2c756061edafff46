"""Find who calls: from the secret of an access token to a person, inside their clinic, in one open transaction."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, literal_column, select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, ask_to_enter_as, entered_as
from recovery_api.models import tables
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


_patient, _clinician, _token = tables.patient, tables.clinician, tables.credential
_BEARER = Prepared(
    select(_token.c.subject_id, _token.c.key_thumbprint).where(
        _token.c.digest == bindparam("digest"),
        _token.c.kind == bindparam("kind"),
        _token.c.revoked_at.is_(None),
        _token.c.expires_at > bindparam("now"),
    )
)
_ROLES = {
    "patient_access": Prepared(
        select(literal_column("'patient'").label("role"))
        .select_from(_patient)
        .join(_token, (_token.c.clinic_id == _patient.c.clinic_id) & (_token.c.subject_id == _patient.c.id))
        .where(_token.c.digest == bindparam("digest"), _patient.c.status == "active")
    ),
    "staff_access": Prepared(
        select(_clinician.c.role)
        .join(_token, (_token.c.clinic_id == _clinician.c.clinic_id) & (_token.c.subject_id == _clinician.c.id))
        .where(_token.c.digest == bindparam("digest"), _clinician.c.disabled_at.is_(None))
    ),
}


def _find(connection: Connection, kind: str, secret: str, vaults: Vaults) -> Caller | None:
    """The token, its clinic and its owner's role, in one round trip; nothing is believed before all three are there."""
    digest = digest_of(secret)
    with together(connection):
        bearer_asked = _BEARER.ask(connection, {"digest": digest, "kind": kind, "now": real_now()})
        clinic_asked = ask_to_enter_as(connection, digest)
        role_asked = _ROLES[kind].ask(connection, {"digest": digest})
    bearer, person = bearer_asked.first(), role_asked.first()
    if bearer is None or person is None:
        return None
    scope = entered_as(connection, clinic_asked, vaults)
    return Caller(scope, bearer.subject_id, person.role, bearer.key_thumbprint)
