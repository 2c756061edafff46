"""Recovery codes: ten secrets that stand in for the second factor, each once; shown once and kept as digests.

A code has 120 random bits, so that a plain digest of it cannot be guessed back.
"""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.credentials import digest_of, issue, revoke_kind
from recovery_api.services.record_audit import Actor, record_audit

KIND, COUNT, LENGTH = "recovery_code", 10, 24
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def make_codes(scope: ClinicScope, clinician_id: UUID, now: datetime) -> tuple[str, ...]:
    """Ten new codes, in fours; those made before are worth nothing from then on. Audited."""
    revoke_kind(scope.connection, KIND, scope.clinic_id, clinician_id)
    codes = tuple("".join(secrets.choice(_ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT))
    for code in codes:
        issue(scope.connection, KIND, scope.clinic_id, clinician_id, secret=code)
    _audit(scope, clinician_id, "recovery_codes.made", now)
    return tuple("-".join(code[at : at + 4] for at in range(0, LENGTH, 4)) for code in codes)


def spend_code(scope: ClinicScope, clinician_id: UUID, code: str) -> bool:
    """Whether this is a code of the clinician that was not used before; from now on it was."""
    plain, credential = code.replace("-", "").replace(" ", ""), tables.credential
    if len(plain) != LENGTH:
        return False
    spent = scope.connection.execute(
        update(credential)
        .where(
            credential.c.digest == digest_of(plain),
            credential.c.kind == KIND,
            credential.c.clinic_id == scope.clinic_id,
            credential.c.subject_id == clinician_id,
            credential.c.revoked_at.is_(None),
        )
        .values(revoked_at=real_now(), used_at=real_now())
    )
    return spent.rowcount == 1


def codes_left(scope: ClinicScope, clinician_id: UUID) -> int:
    """How many codes were not used yet."""
    credential = tables.credential
    counted = select(func.count()).where(
        credential.c.clinic_id == scope.clinic_id,
        credential.c.subject_id == clinician_id,
        credential.c.kind == KIND,
        credential.c.revoked_at.is_(None),
    )
    return int(scope.connection.execute(counted).scalar_one())


def _audit(scope: ClinicScope, clinician_id: UUID, action: str, now: datetime) -> None:
    record_audit(scope, Actor("clinician", clinician_id), action, ("clinician", clinician_id), now)
