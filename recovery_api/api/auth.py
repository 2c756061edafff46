"""Who calls: a bearer token and nothing else. Cookies are for the pages and mean nothing here."""

import re
from dataclasses import dataclass
from datetime import datetime

from flask import request
from sqlalchemy import Connection

from recovery_api.api.refusals import VersionMissing
from recovery_api.db import ClinicScope
from recovery_api.domain.access import may
from recovery_api.domain.errors import NotAllowed, StaleVersion, Unauthenticated
from recovery_api.services.find_caller import Caller, find_caller
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

_SECRET = re.compile(r"[A-Za-z0-9_\-]{20,200}")
_STRONG_TAG = re.compile(r'"(\d{1,9})"')


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
    """The secret of the bearer token in the request's header, None where there is none that could be ours."""
    scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and _SECRET.fullmatch(secret.strip()) else None


def admit(connection: Connection, operation: str) -> Call:
    """The caller, if they may do this. Raises Unauthenticated or NotAllowed."""
    secret = bearer_secret()
    caller = find_caller(connection, secret, wiring().vaults) if secret else None
    if caller is None or secret is None:
        raise Unauthenticated("Send a living access token: Authorization: Bearer ...")
    if not may(caller.role, operation):
        raise NotAllowed("Your role does not allow this.")
    return Call(caller, secret, wiring().clock.now())


def version_seen() -> int | None:
    """The version in If-Match; None for `*`, which is any. Raises VersionMissing, or StaleVersion for a foreign tag."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise VersionMissing('Send the version that you saw: If-Match: "3"')
    if header == "*":
        return None
    tag = _STRONG_TAG.fullmatch(header)
    if tag is None:
        raise StaleVersion("If-Match must be one tag as an answer's ETag gave it.")
    return int(tag[1])
