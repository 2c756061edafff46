"""Passkeys: added, used and removed. Each proves possession and its holder, by a signature bound to our own address."""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Conflict, NotFound, SignInRefused
from recovery_api.gateways import passkeys
from recovery_api.gateways.passkeys import MadePasskey, NotProved
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.passkey_party import ANSWERED_WITHIN, REFUSED, Party
from recovery_api.services.record_audit import Actor, record_audit

MOST_PASSKEYS, LONGEST_NAME = 10, 60


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """One passkey of a clinician."""

    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser answered, as far as it is needed before it is believed."""

    credential: dict[str, Any]
    raw_id: bytes
    challenge: bytes
    handle: bytes | None


def options_to_add(scope: ClinicScope, party: Party, clinician_id: UUID, name: str) -> str:
    """What the browser needs to make a passkey, as JSON: kept by the authenticator, opened by its holder."""
    known = [bytes(row.credential_id) for row in _rows(scope, clinician_id)]
    return passkeys.options_to_make(party.site, party.challenge(), clinician_id.bytes, name, known)


def options_to_prove(party: Party) -> str:
    """What the browser needs to offer a passkey, as JSON; it names nobody."""
    return passkeys.options_to_prove(party.site, party.challenge())


def add_passkey(scope: ClinicScope, party: Party, clinician_id: UUID, answered: str, name: str, now: datetime) -> UUID:
    """Keep a passkey that was just made. Raises SignInRefused, or Conflict where there are ten."""
    said = " ".join(name.split())[:LONGEST_NAME] or "Passkey"
    if len(_rows(scope, clinician_id)) >= MOST_PASSKEYS:
        raise Conflict(f"You have {MOST_PASSKEYS} passkeys: remove one first.")
    answer = read_answer(answered)
    party.check(answer.challenge)
    try:
        made = passkeys.verify_made(party.site, answer.challenge, answer.credential)
    except NotProved:
        raise SignInRefused(REFUSED) from None
    _spend(scope, answer.challenge, clinician_id)
    return _keep(scope, clinician_id, made, said, now)


def _keep(scope: ClinicScope, clinician_id: UUID, made: MadePasskey, name: str, now: datetime) -> UUID:
    passkey_id = new_id()
    known = scope.connection.execute(
        insert_or_leave(tables.credential)
        .values(
            digest=digest_of_key(made.credential_id),
            kind="passkey",
            clinic_id=scope.clinic_id,
            subject_id=clinician_id,
            seen_at=real_now(),
        )
        .on_conflict_do_nothing()
        .returning(tables.credential.c.digest)
    )
    if known.first() is None:
        raise Conflict("This passkey is known already.")
    scope.connection.execute(
        insert(tables.passkey),
        {
            "clinic_id": scope.clinic_id,
            "id": passkey_id,
            "clinician_id": clinician_id,
            "credential_id": made.credential_id,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "name_sealed": scope.seal("passkey.name", passkey_id, name),
            "created_at": now,
        },
    )
    record_audit(scope, Actor("clinician", clinician_id), "passkey.added", ("passkey", passkey_id), now)
    return passkey_id


def use_passkey(scope: ClinicScope, party: Party, answer: Answer, clinician_id: UUID, now: datetime) -> None:
    """Believe an answer of one clinician's passkey, once. Raises SignInRefused."""
    party.check(answer.challenge)
    row = next((row for row in _rows(scope, clinician_id) if bytes(row.credential_id) == answer.raw_id), None)
    if row is None or answer.handle not in (None, clinician_id.bytes):
        raise SignInRefused(REFUSED)
    try:
        sign_count = passkeys.verify_used(
            party.site, answer.challenge, answer.credential, bytes(row.public_key), row.sign_count
        )
    except NotProved:
        raise SignInRefused(REFUSED) from None
    _spend(scope, answer.challenge, clinician_id)
    passkey = tables.passkey
    scope.connection.execute(
        update(passkey)
        .where(passkey.c.clinic_id == scope.clinic_id, passkey.c.id == row.id)
        .values(sign_count=sign_count, used_at=now)
    )


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read_answer(answered: str) -> Answer:
    """A browser's answer with the parts that find its passkey. Raises SignInRefused where it is none."""
    try:
        credential = json.loads(answered)
        response = credential["response"]
        client = json.loads(_bytes(response["clientDataJSON"]))
        handle = response.get("userHandle")
        return Answer(
            credential,
            _bytes(credential["rawId"]),
            _bytes(client["challenge"]),
            _bytes(handle) if handle else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SignInRefused(REFUSED) from None


def list_passkeys(scope: ClinicScope, clinician_id: UUID) -> list[PasskeyLine]:
    """A clinician's passkeys, the oldest first."""
    return [
        PasskeyLine(row.id, scope.vault.open("passkey.name", row.id, row.name_sealed), row.created_at, row.used_at)
        for row in _rows(scope, clinician_id)
    ]


def remove_passkey(scope: ClinicScope, clinician_id: UUID, passkey_id: UUID, now: datetime) -> None:
    """A passkey opens nothing from now on. Raises NotFound."""
    passkey, credential = tables.passkey, tables.credential
    removed = scope.connection.execute(
        update(passkey)
        .where(
            passkey.c.clinic_id == scope.clinic_id,
            passkey.c.id == passkey_id,
            passkey.c.clinician_id == clinician_id,
            passkey.c.removed_at.is_(None),
        )
        .values(removed_at=now)
        .returning(passkey.c.credential_id)
    ).scalar()
    if removed is None:
        raise NotFound("There is no such passkey.")
    scope.connection.execute(
        update(credential).where(credential.c.digest == digest_of_key(bytes(removed))).values(revoked_at=real_now())
    )
    record_audit(scope, Actor("clinician", clinician_id), "passkey.removed", ("passkey", passkey_id), now)


def digest_of_key(credential_id: bytes) -> bytes:
    """By which a passkey is found before its clinic is known."""
    return hashlib.sha256(b"passkey|" + credential_id).digest()


def _rows(scope: ClinicScope, clinician_id: UUID) -> Sequence[AnyRow]:
    passkey = tables.passkey
    return scope.connection.execute(
        select(passkey)
        .where(
            passkey.c.clinic_id == scope.clinic_id,
            passkey.c.clinician_id == clinician_id,
            passkey.c.removed_at.is_(None),
        )
        .order_by(passkey.c.created_at, passkey.c.id)
    ).all()


def _spend(scope: ClinicScope, challenge: bytes, clinician_id: UUID) -> None:
    """A challenge is answered once: whoever repeats a recorded answer is refused. Raises SignInRefused."""
    credential, now = tables.credential, real_now()
    old = (credential.c.kind == "passkey_answer") & (credential.c.expires_at < now)
    scope.connection.execute(credential.delete().where(old, credential.c.subject_id == clinician_id))
    kept = scope.connection.execute(
        insert_or_leave(credential)
        .values(
            digest=hashlib.sha256(b"answer|" + challenge).digest(),
            kind="passkey_answer",
            clinic_id=scope.clinic_id,
            subject_id=clinician_id,
            expires_at=now + ANSWERED_WITHIN,
        )
        .on_conflict_do_nothing()
        .returning(credential.c.digest)
    )
    if kept.first() is None:
        raise SignInRefused(REFUSED)
