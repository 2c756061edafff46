"""Refresh a patient's tokens: each refresh token works once, and one that comes back late ends its whole family."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, select, text, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.errors import SignInRefused
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.check_proof import Proof, require_proof
from recovery_api.services.credentials import LIFETIMES, SIGN_IN_LASTS, digest_of, issue, prefixed
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.record_audit import SYSTEM, record_audit

REPEAT_WITHIN = timedelta(seconds=60)
REUSED = "A sign-in of the app was used twice and ended: ask whether the phone was lost or copied"
MINUTES = 24 * 60
_TURN = text("SELECT pg_advisory_xact_lock(:place)")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What an app works with from now on; `expires_in` seconds for the access token.

    `ends_at` is when the phone needs a new printed code, however often it refreshes.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    ends_at: datetime
    is_bound: bool = False
    device_id: UUID | None = None  # where it has just been enrolled

    @property
    def token_type(self) -> str:
        """The scheme that the access token is sent with: one that is bound to a key is no bearer token."""
        return "DPoP" if self.is_bound else "Bearer"


def refresh_token(secret: str, vaults: Vaults, now: datetime, proof: Proof | None = None) -> TokenPair:
    """The successors of a refresh token; tokens keep real time, and `now` dates what is told of them.

    Raises SignInRefused, or ProofRefused where it is bound to a key that was not proven.

    They follow from the old secret and the data key, so that a repeat within a minute (an answer that got lost on a
    bad network) gives the very same pair, although no secret is stored. Any other reuse ends the family, as does a
    repeat after the pair was used in its turn.
    """
    with open_transaction() as connection:
        row = _find(connection, secret)
        pair = _exchange(connection, row, secret, vaults, now, proof) if row is not None else None
    if pair is None:
        raise SignInRefused("This refresh token is not valid any more.")
    return pair


def end_family(connection: Connection, access_secret: str) -> None:
    """Log a device out: its access and refresh tokens are worth nothing from now on."""
    credential = tables.credential
    family = connection.execute(
        select(credential.c.family_id).where(credential.c.digest == digest_of(access_secret))
    ).scalar_one()
    revoke_family(connection, family)


def revoke_family(connection: Connection, family_id: UUID) -> None:
    """End every token of a family, those that a refresh is just making among them."""
    _take_turn(connection, family_id)
    credential = tables.credential
    connection.execute(
        update(credential)
        .where(credential.c.family_id == family_id, credential.c.revoked_at.is_(None))
        .values(revoked_at=real_now())
    )


def is_active(scope: ClinicScope, patient_id: UUID) -> bool:
    """Whether a patient is followed up still: nobody else gets a token."""
    patient = tables.patient
    status = scope.connection.execute(
        select(patient.c.status).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
    ).scalar()
    return status == "active"


def _take_turn(connection: Connection, family_id: UUID) -> None:
    connection.execute(_TURN, {"place": int.from_bytes(family_id.bytes[8:], "big", signed=True)})


def _find(connection: Connection, secret: str) -> AnyRow | None:
    """The refresh token's row, once nobody else changes its family."""
    credential = tables.credential
    chosen = select(credential).where(credential.c.digest == digest_of(secret), credential.c.kind == "patient_refresh")
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return None
    _take_turn(connection, row.family_id)
    return connection.execute(chosen.with_for_update()).one_or_none()


def _exchange(
    connection: Connection, row: AnyRow, secret: str, vaults: Vaults, at: datetime, proof: Proof | None
) -> TokenPair | None:
    now = real_now()
    scope = enter_clinic(connection, row.clinic_id, vaults)
    if row.revoked_at is not None or row.expires_at <= now or not is_active(scope, row.subject_id):
        return None
    if row.key_thumbprint is not None:
        require_proof(scope, row.key_thumbprint, proof)
    ends_at = row.ends_at or now + SIGN_IN_LASTS  # tokens of before there was an end have one from here on
    pair = _successors(secret, vaults, row.key_thumbprint, ends_at)
    if row.used_at is not None and now - row.used_at <= REPEAT_WITHIN and not _was_used(connection, pair):
        return pair
    if row.used_at is not None:
        _end_after_reuse(scope, row, at)
        return None
    credential = tables.credential
    connection.execute(update(credential).where(credential.c.digest == row.digest).values(used_at=now, ends_at=ends_at))
    for kind, successor in (("patient_access", pair.access_token), ("patient_refresh", pair.refresh_token)):
        issue(
            connection,
            kind,
            row.clinic_id,
            row.subject_id,
            family_id=row.family_id,
            secret=successor,
            key_thumbprint=row.key_thumbprint,
            ends_at=ends_at,
        )
    return pair


def _was_used(connection: Connection, pair: TokenPair) -> bool:
    """Whether somebody went on with a pair: then its answer was not lost, and whoever asks for it again has a copy."""
    credential = tables.credential
    used = select(credential.c.used_at).where(credential.c.digest == digest_of(pair.refresh_token))
    return connection.execute(used).scalar() is not None


def _successors(secret: str, vaults: Vaults, key_thumbprint: bytes | None, ends_at: datetime) -> TokenPair:
    access, refresh = (
        prefixed(kind, vaults.data_key.successor(secret, kind)) for kind in ("patient_access", "patient_refresh")
    )
    return make_pair(access, refresh, key_thumbprint, ends_at)


def make_pair(access: str, refresh: str, key_thumbprint: bytes | None, ends_at: datetime) -> TokenPair:
    """Two tokens as an app gets them, bound to a key where there is one."""
    lives = min(LIFETIMES["patient_access"], ends_at - real_now())
    return TokenPair(access, refresh, int(lives.total_seconds()), ends_at, key_thumbprint is not None)


def _end_after_reuse(scope: ClinicScope, row: AnyRow, at: datetime) -> None:
    """Somebody holds a copy of the token: nobody of this family gets further, and the clinic is told."""
    revoke_family(scope.connection, row.family_id)
    record_audit(scope, SYSTEM, "token.reused", ("patient", row.subject_id), at, row.subject_id)
    finding = Finding("token_reused", "1", "operations", Tier.TODAY, REUSED, MINUTES, {})
    subject = _subject(scope, row.subject_id)
    if subject.episode_id is not None or subject.phone_digest is not None:
        raise_flags(scope, subject, [finding], at)


def _subject(scope: ClinicScope, patient_id: UUID) -> FlagSubject:
    """The patient's newest recovery; who never had one is known by their phone."""
    episode, point = tables.episode, tables.contact_point
    newest = (
        select(episode.c.id)
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id)
        .order_by(episode.c.started_on.desc(), episode.c.id.desc())
        .limit(1)
    )
    phone = select(point.c.phone_digest).where(point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id)
    episode_id = scope.connection.execute(newest).scalar()
    digest = None if episode_id else scope.connection.execute(phone.limit(1)).scalar()
    return FlagSubject(episode_id=episode_id, patient_id=patient_id, phone_digest=digest)
