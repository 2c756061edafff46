"""Refresh a patient's tokens: each refresh token works once, and one that comes back late ends its whole family."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.errors import SignInRefused
from recovery_api.models import tables
from recovery_api.services.credentials import LIFETIMES, digest_of, issue, prefixed
from recovery_api.services.record_audit import SYSTEM, record_audit

REPEAT_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What an app works with from now on; `expires_in` seconds for the access token."""

    access_token: str
    refresh_token: str
    expires_in: int


def refresh_token(secret: str, vaults: Vaults) -> TokenPair:
    """The successors of a refresh token. Raises SignInRefused.

    They follow from the old secret and the data key, so that a repeat within a minute (an answer that got lost on a
    bad network) gives the very same pair, although no secret is stored. Any other reuse ends the family.
    """
    with open_transaction() as connection:
        row = connection.execute(_row_of(secret)).one_or_none()
        pair = _exchange(connection, row, secret, vaults) if row is not None else None
    if pair is None:
        raise SignInRefused("This refresh token is not valid any more.")
    return pair


def end_family(connection: Connection, access_secret: str) -> None:
    """Log a device out: its access and refresh tokens are worth nothing from now on."""
    credential = tables.credential
    family = select(credential.c.family_id).where(credential.c.digest == digest_of(access_secret)).scalar_subquery()
    _revoke_family(connection, family)


def _row_of(secret: str) -> Any:
    credential = tables.credential
    return (
        select(credential)
        .where(credential.c.digest == digest_of(secret), credential.c.kind == "patient_refresh")
        .with_for_update()
    )


def _exchange(connection: Connection, row: AnyRow, secret: str, vaults: Vaults) -> TokenPair | None:
    now = real_now()
    scope = enter_clinic(connection, row.clinic_id, vaults)
    if row.revoked_at is not None or row.expires_at <= now or not _is_active(scope, row.subject_id):
        return None
    pair = _successors(secret, vaults)
    if row.used_at is not None and now - row.used_at <= REPEAT_WITHIN:
        return pair
    if row.used_at is not None:
        _end_after_reuse(scope, row)
        return None
    credential = tables.credential
    connection.execute(update(credential).where(credential.c.digest == row.digest).values(used_at=now))
    for kind, successor in (("patient_access", pair.access_token), ("patient_refresh", pair.refresh_token)):
        issue(connection, kind, row.clinic_id, row.subject_id, family_id=row.family_id, secret=successor)
    return pair


def _successors(secret: str, vaults: Vaults) -> TokenPair:
    access, refresh = (
        prefixed(kind, vaults.data_key.successor(secret, kind)) for kind in ("patient_access", "patient_refresh")
    )
    return TokenPair(access, refresh, int(LIFETIMES["patient_access"].total_seconds()))


def _is_active(scope: ClinicScope, patient_id: UUID) -> bool:
    patient = tables.patient
    status = scope.connection.execute(
        select(patient.c.status).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
    ).scalar()
    return status == "active"


def _end_after_reuse(scope: ClinicScope, row: AnyRow) -> None:
    """Somebody holds a copy of the token: nobody of this family gets further."""
    _revoke_family(scope.connection, row.family_id)
    record_audit(scope, SYSTEM, "token.reused", ("patient", row.subject_id), real_now(), row.subject_id)


def _revoke_family(connection: Connection, family_id: Any) -> None:
    credential = tables.credential
    connection.execute(
        update(credential)
        .where(credential.c.family_id == family_id, credential.c.revoked_at.is_(None))
        .values(revoked_at=real_now())
    )
