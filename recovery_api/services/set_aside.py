"""Work off due rows so that one poisoned row stops nobody else's: it is set aside, written down, and tried later."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.domain.errors import RecoveryError
from recovery_api.logs import warn
from recovery_api.services.claim_work import Claim, claim_in, release
from recovery_api.vault import SealBroken

SET_ASIDE = timedelta(minutes=10)
ASIDE = "set-aside"  # holds what is set aside, for the coverage watch to see
TROUBLE = (RecoveryError, SealBroken, ValueError, LookupError, SQLAlchemyError, psycopg.Error)

Work = Callable[[Connection, Sequence[Claim]], None]


def work_off_together(kind: str, holder: str, now: datetime, most: int, work: Work) -> int:
    """Claim up to `most` rows and do `work` on all of them in one transaction; one by one where that fails."""
    try:
        with open_transaction() as connection:
            claims = claim_in(connection, kind, holder, now, most)
            work(connection, claims)
        return len(claims)
    except TROUBLE as error:
        warn("work.one_by_one", job=kind, error=type(error).__name__)
        return work_off_singly(kind, holder, now, most, work)


def work_off_singly(kind: str, holder: str, now: datetime, most: int, work: Work) -> int:
    """Claim and work off up to `most` rows, each in a transaction of its own; returns how many were taken."""
    for taken in range(most):
        if not _work_off_one(kind, holder, now, work):
            return taken
    return most


def _work_off_one(kind: str, holder: str, now: datetime, work: Work) -> bool:
    claims: list[Claim] = []
    try:
        with open_transaction() as connection:
            claims += claim_in(connection, kind, holder, now, 1)
            if claims:
                work(connection, claims)
    except TROUBLE as error:
        if not claims:
            raise
        _set_aside(kind, claims[0], error)
    return bool(claims)


def _set_aside(kind: str, claim: Claim, error: Exception) -> None:
    with open_transaction() as connection:
        release(connection, kind, claim.clinic_id, claim.row_id, real_now() + SET_ASIDE, ASIDE)
    warn(
        "work.set_aside", job=kind, clinic_id=str(claim.clinic_id), row_id=str(claim.row_id),
        error=type(error).__name__,
    )  # fmt: skip
