"""Credentials: opaque secrets that are shown once, stored as digests, and found before the clinic is known."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from recovery_api.clock import real_now
from recovery_api.ids import new_id
from recovery_api.models import tables

LIFETIMES = {
    "staff_access": timedelta(hours=8),
    "session": timedelta(hours=12),
    "patient_access": timedelta(minutes=10),
    "patient_refresh": timedelta(days=30),
    "set_up": timedelta(hours=72),
    "enrol_code": timedelta(hours=72),
    "web_link": timedelta(hours=20),
    "web_session": timedelta(minutes=30),
    "recovery_code": timedelta(days=3650),
    "web_later": timedelta(days=7),
}
SIGN_IN_LASTS = timedelta(days=120)  # of an app, however often it refreshes its tokens
SESSION_IDLE = timedelta(minutes=15)
_PREFIXES = {"patient_access": "rta_", "patient_refresh": "rtr_", "staff_access": "rts_"}
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")
LONGEST_CODE = 24


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a credential speaks for."""

    clinic_id: UUID
    subject_id: UUID
    digest: bytes
    key_thumbprint: bytes | None = None
    family_id: UUID | None = None
    proved_at: datetime | None = None


def issue(
    connection: Connection,
    kind: str,
    clinic_id: UUID,
    subject_id: UUID,
    lifetime: timedelta | None = None,
    family_id: UUID | None = None,
    secret: str | None = None,
    key_thumbprint: bytes | None = None,
    ends_at: datetime | None = None,
) -> str:
    """Make a credential and return its secret, which is stored nowhere. Lifetimes run in real time.

    The secret is random unless one is given that nobody else can know. With a key's thumbprint it is worth nothing
    without a proof by that key. What succeeds it ends at `ends_at` too, and nothing of that family lives longer.
    """
    if secret is None:
        secret = _printed_code() if kind == "enrol_code" else prefixed(kind, secrets.token_urlsafe(32))
    now = real_now()
    expires_at = now + (lifetime or LIFETIMES[kind])
    connection.execute(
        insert(tables.credential),
        {
            "digest": digest_of(secret),
            "kind": kind,
            "clinic_id": clinic_id,
            "subject_id": subject_id,
            "family_id": family_id or new_id(),
            "expires_at": min(expires_at, ends_at) if ends_at else expires_at,
            "seen_at": now,
            "key_thumbprint": key_thumbprint,
            "ends_at": ends_at,
        },
    )
    return secret


def prefixed(kind: str, secret: str) -> str:
    """A secret with the prefix by which scanners recognise its kind."""
    return _PREFIXES.get(kind, "") + secret


def identify(
    connection: Connection, kind: str, secret: str, *, is_active: bool = True, even_idle: bool = False
) -> Bearer | None:
    """Whom a secret speaks for, or None where it is unknown, expired, idle or revoked.

    A page that updates itself is no sign of a person: it passes `is_active` as False, and the session goes idle.
    An idle session is locked, not over: with `even_idle` it is found all the same, so that it can be opened again.
    """
    credential, now = tables.credential, real_now()
    row = connection.execute(
        select(credential).where(
            credential.c.digest == digest_of(secret),
            credential.c.kind == kind,
            credential.c.revoked_at.is_(None),
            credential.c.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        return None
    idle = kind == "session" and is_idle(row.seen_at, now)
    if idle and not even_idle:
        return None
    if is_active and not idle and kind == "session":
        keep_awake(connection, row.digest, row.seen_at, now)
    return Bearer(row.clinic_id, row.subject_id, row.digest, row.key_thumbprint, row.family_id, row.proved_at)


def is_idle(seen_at: datetime, now: datetime) -> bool:
    """Whether a session that was last used at `seen_at` is locked by now."""
    return now - seen_at > SESSION_IDLE


def keep_awake(connection: Connection, digest: bytes, seen_at: datetime, now: datetime) -> None:
    """Note that a session is in use, at most once a minute."""
    if now - seen_at > timedelta(minutes=1):
        credential = tables.credential
        connection.execute(update(credential).where(credential.c.digest == digest).values(seen_at=now))


def revoke(connection: Connection, secret: str) -> None:
    """The secret is worth nothing from now on."""
    credential = tables.credential
    connection.execute(update(credential).where(credential.c.digest == digest_of(secret)).values(revoked_at=real_now()))


def revoke_kind(connection: Connection, kind: str, clinic_id: UUID, subject_id: UUID) -> None:
    """Every secret of one kind that speaks for somebody is worth nothing from now on."""
    credential = tables.credential
    connection.execute(
        update(credential)
        .where(
            credential.c.clinic_id == clinic_id,
            credential.c.subject_id == subject_id,
            credential.c.kind == kind,
            credential.c.revoked_at.is_(None),
        )
        .values(revoked_at=real_now())
    )


def digest_of(secret: str) -> bytes:
    """The digest under which a secret is stored. A printed code is read past case, spaces, dashes and O, I, L."""
    is_code = len(secret) <= LONGEST_CODE
    plain = secret.replace("-", "").replace(" ", "").upper().translate(_MISREAD) if is_code else secret
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()


def _printed_code() -> str:
    """Sixteen characters that nobody confuses, in fours: 80 bits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))
