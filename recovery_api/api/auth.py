"""Who calls: a bearer token and nothing else. Cookies are for the pages and mean nothing here."""

import re
from dataclasses import dataclass
from datetime import datetime

from flask import request
from sqlalchemy import Connection

from recovery_api.api.entity_tags import strong_tags
from recovery_api.api.refusals import VersionMissing
from recovery_api.db import ClinicScope, open_transaction
from recovery_api.domain.access import may
from recovery_api.domain.errors import NotAllowed, ProofRefused, StaleVersion, Unauthenticated
from recovery_api.services.check_proof import Proof, require_proof
from recovery_api.services.find_caller import Caller, find_caller
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

_SECRET = re.compile(r"[A-Za-z0-9_\-]{20,200}")
_VERSION = re.compile(r'"([0-9]{1,9})"')


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request: the clinic's open transaction, who calls, and the time."""

    caller: Caller
    secret: str
    now: datetime

    @property
    def scope(self) -> ClinicScope:
        """The open transaction inside the caller's clinic."""
        return self.caller.scope

    @property
    def actor(self) -> Actor:
        """The caller as the audit names them."""
        return self.caller.actor


def bearer_secret() -> str | None:
    """The secret of the token in the request's header, None where there is none that could be ours."""
    scheme, secret = _authorization()
    return secret if scheme in ("bearer", "dpop") and _SECRET.fullmatch(secret) else None


def request_proof() -> Proof | None:
    """The proof of a key that came with the request at hand, and what it must speak of: our public address alone."""
    header = request.headers.get("DPoP")
    url = wiring().settings.public_url + request.path
    return Proof(header, request.method, url) if header is not None else None


def spend_proof() -> bytes | None:
    """The thumbprint of the key that a proof of the request at hand proves; None where its token is bound to none.

    In a transaction of its own: the proof stays spent although what the request does is undone. Raises ProofRefused.
    """
    secret = bearer_secret()
    if secret is None or _authorization()[0] != "dpop":
        return None
    with open_transaction() as connection:
        caller = find_caller(connection, secret, wiring().vaults)
        if caller is None or caller.key_thumbprint is None:
            return None
        require_proof(caller.scope, caller.key_thumbprint, request_proof(), secret)
        return caller.key_thumbprint


def admit(connection: Connection, operation: str, proven: bytes | None) -> Call:
    """The caller, if they may do this, having `proven` a key. Raises Unauthenticated, ProofRefused or NotAllowed."""
    secret = bearer_secret()
    caller = find_caller(connection, secret, wiring().vaults) if secret else None
    if caller is None or secret is None:
        raise Unauthenticated("Send a living access token: Authorization: Bearer ...")
    _check_key(caller, proven)
    if not may(caller.role, operation):
        raise NotAllowed("Your role does not allow this.")
    return Call(caller, secret, wiring().clock.now())


def _check_key(caller: Caller, proven: bytes | None) -> None:
    """A token that is bound to a key is no bearer token, nor the other way round. Raises ProofRefused."""
    is_bound, scheme = caller.key_thumbprint is not None, _authorization()[0]
    if is_bound != (scheme == "dpop") or caller.key_thumbprint != proven:
        raise ProofRefused("Send a token as what it was given as: its token_type is the scheme.")


def _authorization() -> tuple[str, str]:
    scheme, _, secret = request.environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return scheme.lower(), secret.strip()


def versions_seen() -> frozenset[int] | None:
    """The versions in If-Match; None for `*`, which is any. Raises VersionMissing, or StaleVersion for none of ours."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise VersionMissing('Send the version that you saw: If-Match: "3"')
    if header == "*":
        return None
    versions = frozenset(int(tag[1]) for one in strong_tags(header) if (tag := _VERSION.fullmatch(one)))
    if not versions:
        raise StaleVersion("If-Match must hold a tag as an answer's ETag gave it.")
    return versions
