"""Check that who sends a token holds the key that it is bound to: DPoP, RFC 9449, with ES256 alone."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.domain.errors import ProofRefused
from recovery_api.models import tables

WINDOW = timedelta(minutes=5)  # phones' clocks run ahead or behind
LONGEST_PROOF, LONGEST_ID = 4096, 256
_CLAIMS = ["jti", "htm", "htu", "iat"]
_CHECKS = {"require": _CLAIMS, "verify_iat": False, "verify_exp": False, "verify_nbf": False, "verify_aud": False}
_COORDINATE = 32  # bytes
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proof:
    """What came with a request: the header as it stands, and the method and address that it must speak of."""

    header: str
    method: str
    url: str


@dataclass(frozen=True, slots=True)
class ProvenKey:
    """The thumbprint of the key that made a proof, and the digest by which that proof is known again."""

    thumbprint: bytes
    seen_as: bytes


def check_proof(proof: Proof, token: str | None = None) -> ProvenKey:
    """The key behind a proof, which must speak of this request, and of this token where there is one.

    Raises ProofRefused. Whether it was seen before is asked of the database: see `remember_proof`.
    """
    if len(proof.header) > LONGEST_PROOF:
        raise ProofRefused("The proof is too long.")
    try:
        header = jwt.get_unverified_header(proof.header)
        key = _public_key(header)
        claims = jwt.decode(proof.header, key, algorithms=["ES256"], options=_CHECKS)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError):
        raise ProofRefused("The proof is no DPoP proof signed with ES256.") from None
    _check_claims(claims, proof, token)
    thumbprint = _thumbprint(key)
    return ProvenKey(thumbprint, hashlib.sha256(thumbprint + claims["jti"].encode()).digest())


def remember_proof(scope: ClinicScope, proven: ProvenKey) -> None:
    """Let a proof be good once, whichever process it comes to. Raises ProofRefused where it was seen before."""
    seen, now = tables.seen_proof, real_now()
    scope.connection.execute(delete(seen).where(seen.c.clinic_id == scope.clinic_id, seen.c.seen_at < now - 3 * WINDOW))
    added = scope.connection.execute(
        insert(seen)
        .values(clinic_id=scope.clinic_id, digest=proven.seen_as, seen_at=now)
        .on_conflict_do_nothing()
        .returning(seen.c.digest)
    )
    if added.first() is None:
        raise ProofRefused("This proof was used before.")


def require_proof(scope: ClinicScope, thumbprint: bytes, proof: Proof | None, token: str | None = None) -> None:
    """Let nobody pass without a fresh proof by the key of this thumbprint. Raises ProofRefused."""
    if proof is None:
        raise ProofRefused("This token is bound to a key: send its proof in the DPoP header.")
    proven = check_proof(proof, token)
    if not hmac.compare_digest(proven.thumbprint, thumbprint):
        raise ProofRefused("The proof was made with another key.")
    remember_proof(scope, proven)


def _public_key(header: Mapping[str, Any]) -> EllipticCurvePublicKey:
    known = header["jwk"]
    if not isinstance(known, dict):
        raise TypeError("not a key")
    if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256" or "d" in known or known.get("kty") != "EC":
        raise ValueError("not a proof")
    key = jwt.PyJWK(known, "ES256").key
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("not a public key on P-256")
    return key


def _check_claims(claims: Mapping[str, Any], proof: Proof, token: str | None) -> None:
    made_at, number = claims["iat"], claims["jti"]
    if not isinstance(number, str) or not 1 <= len(number) <= LONGEST_ID or not number.isprintable():
        raise ProofRefused("The proof has no jti that can be told apart.")
    if claims["htm"] != proof.method or not _same_address(claims["htu"], proof.url):
        raise ProofRefused("The proof speaks of another request.")
    is_number = isinstance(made_at, int | float) and not isinstance(made_at, bool)
    if not is_number or not abs(real_now().timestamp() - made_at) <= WINDOW.total_seconds():
        raise ProofRefused("The proof is not of these minutes.")
    if token is not None and claims.get("ath") != _base64url(hashlib.sha256(token.encode()).digest()):
        raise ProofRefused("The proof speaks of another token.")


def _same_address(said: object, url: str) -> bool:
    return isinstance(said, str) and _parts(said) is not None and _parts(said) == _parts(url)


def _parts(url: str) -> tuple[str, str, int | None, str] | None:
    """What counts of an address; None where it is none. Query and fragment do not belong into a proof."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname or "", port or _PORTS.get(parts.scheme), parts.path


def _thumbprint(key: EllipticCurvePublicKey) -> bytes:
    """RFC 7638: the digest of the key's members in their one canonical form."""
    numbers = key.public_numbers()
    x, y = (_base64url(number.to_bytes(_COORDINATE, "big")) for number in (numbers.x, numbers.y))
    members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    return hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
