"""Prove again who is at a session: for a page that locked itself, and for what asks for a fresh proof."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.errors import NotFound, SignInRefused
from recovery_api.models import tables
from recovery_api.services.credentials import identify
from recovery_api.services.log_in_sessions import open_session, renew_session
from recovery_api.services.passkey_party import REFUSED, Party
from recovery_api.services.passkeys import digest_of_key, read_answer, use_passkey
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.sign_in import code_is_new, count_try, forget_tries, verify_password
from recovery_api.vault import SealBroken

FRESH = timedelta(minutes=5)
_FORM = "session.form"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form that was pressed while the page was locked: where it was going, and what stood in it."""

    path: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LockedSession:
    """A session that waits for a proof: whose it is."""

    clinic_id: UUID
    clinician_id: UUID
    session_id: UUID
    name: str


def is_fresh(proved_at: datetime | None) -> bool:
    """Whether somebody proved who they are within the last five minutes of real time."""
    return proved_at is not None and real_now() - proved_at <= FRESH


def find_locked(secret: str, vaults: Vaults) -> LockedSession | None:
    """Whose session this is, locked or not; None where it is over."""
    with open_transaction() as connection:
        bearer = identify(connection, "session", secret, is_active=False, even_idle=True)
        if bearer is None or bearer.family_id is None:
            return None
        scope, clinician = enter_clinic(connection, bearer.clinic_id, vaults), tables.clinician
        row = connection.execute(
            select(clinician.c.id, clinician.c.name_sealed).where(
                clinician.c.clinic_id == scope.clinic_id,
                clinician.c.id == bearer.subject_id,
                clinician.c.disabled_at.is_(None),
            )
        ).one_or_none()
        if row is None:
            return None
        name = scope.vault.open("clinician.name", row.id, row.name_sealed)
        return LockedSession(scope.clinic_id, row.id, bearer.family_id, name)


def prove_by_words(secret: str, said: str, vaults: Vaults, now: datetime) -> str:
    """Prove by the password or a fresh six-digit code; returns the session's new secret. Raises SignInRefused."""
    refusal = SignInRefused("The password or code is not right.")
    code = said.replace(" ", "")
    with open_transaction() as connection:
        bearer = identify(connection, "session", secret, is_active=False, even_idle=True)
        if bearer is None:
            raise refusal
        scope = enter_clinic(connection, bearer.clinic_id, vaults)
        row = count_try(scope, bearer.subject_id)
        by = ""
        if row is not None and len(code) == 6 and code.isdecimal():
            by = "totp" if row.totp_sealed is not None and code_is_new(scope, row, code) else ""
        elif row is not None:
            by = "password" if verify_password(row, said) else ""
        renewed = _renew(scope, secret, bearer.subject_id, by, now) if by else None
    if renewed is None:
        raise refusal
    return renewed


def prove_by_passkey(secret: str, answered: str, party: Party, vaults: Vaults, now: datetime) -> str:
    """Prove by a passkey of the same clinician; returns the session's new secret. Raises SignInRefused."""
    answer = read_answer(answered)
    with open_transaction() as connection:
        bearer = identify(connection, "session", secret, is_active=False, even_idle=True)
        if bearer is None:
            raise SignInRefused(REFUSED)
        scope = enter_clinic(connection, bearer.clinic_id, vaults)
        use_passkey(scope, party, answer, bearer.subject_id, now)
        return _renew(scope, secret, bearer.subject_id, "passkey", now)


def sign_in_by_passkey(answered: str, party: Party, vaults: Vaults, now: datetime, device: str) -> str:
    """Begin a session by a passkey alone, which proves two factors; returns its secret. Raises SignInRefused."""
    answer, credential = read_answer(answered), tables.credential
    with open_transaction() as connection:
        found = connection.execute(
            select(credential.c.clinic_id, credential.c.subject_id).where(
                credential.c.digest == digest_of_key(answer.raw_id),
                credential.c.kind == "passkey",
                credential.c.revoked_at.is_(None),
            )
        ).one_or_none()
        if found is None:
            raise SignInRefused(REFUSED)
        scope, clinician = enter_clinic(connection, found.clinic_id, vaults), tables.clinician
        works = select(clinician.c.id).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.id == found.subject_id,
            clinician.c.disabled_at.is_(None),
        )
        if connection.execute(works).first() is None:
            raise SignInRefused(REFUSED)
        use_passkey(scope, party, answer, found.subject_id, now)
        detail = {"as": "session", "by": "passkey"}
        who = ("clinician", found.subject_id)
        record_audit(scope, Actor(*who), "signed_in", who, now, None, detail)
        return open_session(scope, found.subject_id, "passkey", device)


def _renew(scope: ClinicScope, secret: str, clinician_id: UUID, by: str, now: datetime) -> str:
    forget_tries(scope, clinician_id)
    who = ("clinician", clinician_id)
    record_audit(scope, Actor(*who), "session.proved", who, now, None, {"by": by})
    return renew_session(scope, secret)


def seal_form(scope: ClinicScope, session_id: UUID, path: str, fields: Mapping[str, str]) -> str:
    """A form that nobody but this session can read or send; it is kept in the page, never stored."""
    written = json.dumps({"path": path, "fields": dict(fields)})
    return scope.vault.seal(_FORM, session_id, written).hex()


def open_form(scope: ClinicScope, session_id: UUID, sealed: str) -> KeptForm:
    """The form again. Raises NotFound where it is another session's, or was changed."""
    try:
        found: Any = json.loads(scope.vault.open(_FORM, session_id, bytes.fromhex(sealed)))
        return KeptForm(found["path"], found["fields"])
    except (SealBroken, ValueError):
        raise NotFound("This form cannot be read any more.") from None
