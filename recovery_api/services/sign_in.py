"""Sign a clinician in: password and one-time code, each try counted, a code good once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import case, null, select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.errors import Invalid, SignInRefused
from recovery_api.models import tables
from recovery_api.services.credentials import issue, revoke
from recovery_api.services.log_in_sessions import open_session
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.recovery_codes import spend_code

LEAST_PASSWORD, LONGEST_PASSWORD = 15, 128
TRIES_BEFORE_WAIT = 10
LONGEST_WAIT = timedelta(minutes=15)
_STEP_SECONDS = 30
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_room = BoundedSemaphore(4)
# Of a password that nobody has: a name that nobody has costs the same time.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$26ijjZ6Hri28Nk6W9q5i5w$TiU+7MfzJGi6r2oyU0/J8JTGgbxODbDCrF3GkgVcSF4"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A clinician who proved who they are, and the secret that says so from now on."""

    clinic_id: UUID
    clinician_id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A clinician at work: who they are, what their role is, and when (real time) they last proved who they are."""

    clinic_id: UUID
    id: UUID
    name: str
    role: str
    session_id: UUID | None = None
    proved_at: datetime | None = None


def hash_password(password: str) -> str:
    """The stored form of a password. Raises Invalid where it is too short or too long."""
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"must have {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters", field="password")
    with _room:
        return _hasher.hash(password)


def sign_in(
    email: str, password: str, code: str, kind: str, vaults: Vaults, now: datetime, device: str = ""
) -> SignedIn:
    """Check both factors and issue a `session` or `staff_access` secret. Raises SignInRefused, in one wording.

    A recovery code may stand in for the second factor, once.
    """
    refusal = SignInRefused("The e-mail, password or code is not right.")
    with open_transaction() as connection:
        credential = tables.credential
        found = connection.execute(
            select(credential.c.clinic_id, credential.c.subject_id).where(
                credential.c.digest == vaults.data_key.login_digest(email), credential.c.kind == "login"
            )
        ).one_or_none()
        if found is None:
            _verify(_NOBODY, password)
            raise refusal
        scope = enter_clinic(connection, found.clinic_id, vaults)
        row = count_try(scope, found.subject_id)
        known = _verify(_NOBODY if row is None else row.password_hash, password)  # who waits costs the same time
        by = second_factor(scope, row, code) if row is not None and known else ""
        secret = _welcome(scope, found.subject_id, kind, now, by, device) if by else None
    if secret is None:
        raise refusal
    return SignedIn(found.clinic_id, found.subject_id, secret)


def count_try(scope: ClinicScope, clinician_id: UUID) -> AnyRow | None:
    """Count this try in one statement, so that a hundred at once are a hundred; None while the account waits."""
    clinician, now = tables.clinician, real_now()
    return scope.connection.execute(
        update(clinician)
        .where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.id == clinician_id,
            clinician.c.disabled_at.is_(None),
            clinician.c.password_hash.is_not(None),
            (clinician.c.locked_until.is_(None)) | (clinician.c.locked_until <= now),
        )
        .values(
            failed_sign_ins=clinician.c.failed_sign_ins + 1,
            locked_until=_wait_after(clinician.c.failed_sign_ins, now),
        )
        .returning(clinician)
    ).one_or_none()


def _wait_after(failures: Any, now: datetime) -> Any:
    return case((failures >= TRIES_BEFORE_WAIT, now + LONGEST_WAIT), else_=null())


def _welcome(scope: ClinicScope, clinician_id: UUID, kind: str, now: datetime, by: str, device: str) -> str:
    forget_tries(scope, clinician_id)
    detail = {"as": kind, "by": by}
    record_audit(scope, Actor("clinician", clinician_id), "signed_in", ("clinician", clinician_id), now, None, detail)
    if kind == "session":
        return open_session(scope, clinician_id, by, device)
    return issue(scope.connection, kind, scope.clinic_id, clinician_id)


def forget_tries(scope: ClinicScope, clinician_id: UUID) -> None:
    """Somebody proved who they are: the tries before count no longer."""
    clinician = tables.clinician
    scope.connection.execute(
        update(clinician)
        .where(clinician.c.clinic_id == scope.clinic_id, clinician.c.id == clinician_id)
        .values(failed_sign_ins=0, locked_until=None)
    )


def verify_password(row: AnyRow, password: str) -> bool:
    """Whether this is the clinician's password."""
    return _verify(row.password_hash, password)


def second_factor(scope: ClinicScope, row: AnyRow, code: str) -> str:
    """What proved the second factor: `totp` or `recovery_code`, either good once; empty where nothing did."""
    if code_is_new(scope, row, code):
        return "totp"
    return "recovery_code" if spend_code(scope, row.id, code) else ""


def _verify(password_hash: str, password: str) -> bool:
    with _room:
        try:
            return _hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            return False


def code_is_new(scope: ClinicScope, row: AnyRow, code: str) -> bool:
    """Whether the code belongs to this or the last half-minute and was not used before."""
    if row.totp_sealed is None:
        return True
    totp = pyotp.TOTP(scope.vault.open("clinician.totp", row.id, row.totp_sealed))
    this_step = int(real_now().timestamp()) // _STEP_SECONDS
    clinician = tables.clinician
    for step in (this_step, this_step - 1):
        if not pyotp.utils.strings_equal(totp.generate_otp(step), code.strip()):
            continue
        used = scope.connection.execute(
            update(clinician)
            .where(clinician.c.clinic_id == scope.clinic_id, clinician.c.id == row.id, clinician.c.totp_step < step)
            .values(totp_step=step)
        )
        return used.rowcount == 1
    return False


def sign_out(secret: str) -> None:
    """End a session or an access token."""
    with open_transaction() as connection:
        revoke(connection, secret)
