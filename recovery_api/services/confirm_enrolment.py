"""Confirm that a phone is the patient's: six digits, five tries at most, against a device with its own tokens."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.errors import SignInRefused
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.check_proof import Proof, ProvenKey, check_proof, remember_proof
from recovery_api.services.credentials import SIGN_IN_LASTS, digest_of, issue
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.refresh_token import TokenPair, is_active, make_pair

TRIES_OF_OTP = 5


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What a device is called, and the proof of its key where it has one."""

    name: str
    proof: Proof | None = None


def confirm_enrolment(challenge: str, otp: str, device: NewDevice, vaults: Vaults, now: datetime) -> TokenPair:
    """The tokens of a new device, bound to its key where it proves one. Raises ProofRefused where that is no proof.

    Raises SignInRefused, in one wording whatever was wrong.

    The try counts even where it is refused: it is committed before the refusal.
    """
    pair, key = None, check_proof(device.proof) if device.proof is not None else None
    with open_transaction() as connection:
        row = connection.execute(_one_try(digest_of(challenge))).one_or_none()
        said = vaults.data_key.otp_digest(challenge, otp)
        if row is not None and hmac.compare_digest(bytes(row.otp_digest), said):
            pair = _enrol(connection, row, (device.name, key), vaults, now)
    if pair is None:
        raise SignInRefused("The code is not right, or not good any more.")
    return pair


def _one_try(digest: bytes) -> Any:
    """Count a try in the statement that allows it, so that of two hundred at once five are evaluated."""
    kept, newer = tables.enrol_challenge, tables.enrol_challenge.alias()
    is_replaced = select(newer.c.digest).where(
        newer.c.code_digest == kept.c.code_digest, newer.c.created_at > kept.c.created_at
    )
    return (
        update(kept)
        .where(
            kept.c.digest == digest,
            kept.c.tries < TRIES_OF_OTP,
            kept.c.spent_at.is_(None),
            kept.c.expires_at > real_now(),
            ~is_replaced.exists(),
        )
        .values(tries=kept.c.tries + 1)
        .returning(kept.c.digest, kept.c.code_digest, kept.c.otp_digest)
    )


def _enrol(
    connection: Connection, row: AnyRow, device: tuple[str, ProvenKey | None], vaults: Vaults, now: datetime
) -> TokenPair | None:
    kept, credential, real = tables.enrol_challenge, tables.credential, real_now()
    connection.execute(update(kept).where(kept.c.digest == row.digest).values(spent_at=real))
    code = connection.execute(
        update(credential)
        .where(
            credential.c.digest == row.code_digest,
            credential.c.kind == "enrol_code",
            credential.c.revoked_at.is_(None),
            credential.c.expires_at > real,
        )
        .values(used_at=real, revoked_at=real)
        .returning(credential.c.clinic_id, credential.c.subject_id)
    ).one_or_none()
    if code is None:
        return None
    scope = enter_clinic(connection, code.clinic_id, vaults)
    return _add_device(scope, code.subject_id, *device, now) if is_active(scope, code.subject_id) else None


def _add_device(scope: ClinicScope, patient_id: UUID, name: str, key: ProvenKey | None, now: datetime) -> TokenPair:
    """A device, whose id is the family of its tokens: to end the one is to end the other."""
    device_id, thumbprint = new_id(), key.thumbprint if key else None
    if key is not None:
        remember_proof(scope, key)
    scope.connection.execute(
        insert(tables.device),
        {
            "clinic_id": scope.clinic_id,
            "id": device_id,
            "patient_id": patient_id,
            "name_sealed": scope.seal("device.name", device_id, name),
            "created_at": now,
        },
    )
    record_audit(scope, Actor("patient", patient_id), "device.enrolled", ("device", device_id), now, patient_id)
    ends_at = real_now() + SIGN_IN_LASTS
    access, refresh = (
        issue(
            scope.connection,
            kind,
            scope.clinic_id,
            patient_id,
            family_id=device_id,
            key_thumbprint=thumbprint,
            ends_at=ends_at,
        )
        for kind in ("patient_access", "patient_refresh")
    )
    return replace(make_pair(access, refresh, thumbprint, ends_at), device_id=device_id)
