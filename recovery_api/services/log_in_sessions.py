"""Log-in sessions on the pages: begun, renewed by a fresh proof, listed, and ended from anywhere."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.credentials import LIFETIMES, digest_of
from recovery_api.services.record_audit import Actor, record_audit

SEED_ENDS = "."
_KEPT = ("kind", "clinic_id", "subject_id", "family_id", "expires_at", "device", "proof")


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session of a clinician, in real time: where, by what it was opened, since when, and when it was last used."""

    id: UUID
    device: str
    proof: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


def new_secret(seed: str = "") -> str:
    """A secret with a seed before it, which stays when the rest is renewed: open forms hang on the seed alone."""
    return f"{seed or secrets.token_urlsafe(16)}{SEED_ENDS}{secrets.token_urlsafe(32)}"


def seed_of(secret: str) -> str:
    """What forms hang on; the whole secret where it has no seed."""
    return secret.partition(SEED_ENDS)[0]


def open_session(scope: ClinicScope, clinician_id: UUID, proof: str, device: str) -> str:
    """Begin a session of somebody who just proved who they are; returns its secret, which is stored nowhere."""
    secret, now = new_secret(), real_now()
    scope.connection.execute(
        insert(tables.credential),
        {
            "digest": digest_of(secret),
            "kind": "session",
            "clinic_id": scope.clinic_id,
            "subject_id": clinician_id,
            "family_id": new_id(),
            "expires_at": now + LIFETIMES["session"],
            "seen_at": now,
            "proved_at": now,
            "device": device,
            "proof": proof,
        },
    )
    return secret


def renew_session(scope: ClinicScope, secret: str) -> str:
    """A new secret for the same session, proved and in use now; the old one is worth nothing from then on."""
    credential, now = tables.credential, real_now()
    old = scope.connection.execute(
        update(credential)
        .where(credential.c.digest == digest_of(secret), credential.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(*(credential.c[name] for name in _KEPT))
    ).one()
    renewed = new_secret(seed_of(secret))
    row = {**old._mapping, "digest": digest_of(renewed), "seen_at": now, "proved_at": now}
    scope.connection.execute(insert(credential), row)
    return renewed


def list_sessions(scope: ClinicScope, clinician_id: UUID, this: UUID | None) -> Sequence[SessionLine]:
    """A clinician's sessions that are not over, the one last used first."""
    credential = tables.credential
    rows = scope.connection.execute(
        select(credential)
        .where(
            credential.c.clinic_id == scope.clinic_id,
            credential.c.subject_id == clinician_id,
            credential.c.kind == "session",
            credential.c.revoked_at.is_(None),
            credential.c.expires_at > real_now(),
        )
        .order_by(credential.c.seen_at.desc())
    )
    return [
        SessionLine(
            row.family_id,
            row.device or "",
            row.proof or "",
            row.expires_at - LIFETIMES["session"],
            row.seen_at,
            row.family_id == this,
        )
        for row in rows
    ]


def end_sessions(
    scope: ClinicScope,
    clinician_id: UUID,
    actor: Actor,
    now: datetime,
    only: UUID | None = None,
    but: UUID | None = None,
) -> int:
    """End one session, or all of them but one; returns how many ended, at once and everywhere."""
    credential = tables.credential
    statement = update(credential).where(
        credential.c.clinic_id == scope.clinic_id,
        credential.c.subject_id == clinician_id,
        credential.c.kind == "session",
        credential.c.revoked_at.is_(None),
    )
    if only is not None:
        statement = statement.where(credential.c.family_id == only)
    if but is not None:
        statement = statement.where(credential.c.family_id != but)
    ended = scope.connection.execute(statement.values(revoked_at=real_now())).rowcount
    record_audit(scope, actor, "sessions.ended", ("clinician", clinician_id), now, None, {"ended": ended})
    return ended
