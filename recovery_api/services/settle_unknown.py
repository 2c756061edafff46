"""Find out what became of an attempt whose end nobody knows, before anything is sent again."""

from datetime import datetime, timedelta

from sqlalchemy import select

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.gateways.sms import CarrierUnreachable, SmsGateway
from recovery_api.models import tables
from recovery_api.services.call_with_news import call_if_news
from recovery_api.services.claim_work import Claim
from recovery_api.services.follow_delivery import lock_phone
from recovery_api.services.outbox_rows import (
    QUIET,
    Attempt,
    attempt_on,
    finish_claim,
    release_claim,
    row_of,
    write_message,
)

ASK_AGAIN = {"bulk": timedelta(seconds=8), "alert": timedelta(seconds=3)}
TIMES_TO_ASK = 2
LONGEST_CALL = timedelta(seconds=35)  # from the mark to the last moment at which its call may still be under way
ALERT_WAITS_FOR_LIST = timedelta(minutes=5)


def begin_settling(scope: ClinicScope, claim: Claim, row: AnyRow, public_url: str, now: datetime) -> Attempt | None:
    """An attempt whose end is unknown is left in quiet first, so that a call still under way can arrive."""
    quiet_until = row.attempted_at + QUIET[row.lane]
    if row.state == "sending":
        write_message(scope, row.id, state="unknown")
    if real_now() < quiet_until:
        release_claim(scope, claim, quiet_until)
        return None
    return attempt_on(scope, claim, row, public_url, now, row.attempted_at, must_settle=True)


def settle_with_list(attempt: Attempt, gateway: SmsGateway, vaults: Vaults, now: datetime) -> None:
    """Ask the carrier's own list what became of an attempt; only after two empty answers is it sent again."""
    claim = attempt.claim
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        taken = _sids_of_phone(scope, attempt.text.to)
    try:
        sid = gateway.find(attempt.text.to, attempt.text.body, attempt.since, taken, attempt.since + LONGEST_CALL)
    except CarrierUnreachable:
        _keep_waiting(attempt, vaults, now)
        return
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        row = row_of(scope, attempt)
        if _has_moved_on(row, attempt):
            return
        if row.sid is not None or sid is not None:
            write_message(scope, row.id, state="accepted", sid=row.sid or sid)
            finish_claim(scope, claim)
        elif row.asked_list + 1 < TIMES_TO_ASK:
            write_message(scope, row.id, asked_list=row.asked_list + 1)
            release_claim(scope, claim, real_now() + ASK_AGAIN[row.lane])
        else:
            maybe = row.maybe_repeat or _may_be_under_way(row)
            write_message(scope, row.id, state="planned", asked_list=0, maybe_repeat=maybe)
            release_claim(scope, claim, real_now())


def _may_be_under_way(row: AnyRow) -> bool:
    """Whether the carrier may yet take the last attempt: an alert does not wait for the longest call to end."""
    return bool(real_now() - row.attempted_at <= LONGEST_CALL)


def _has_moved_on(row: AnyRow, attempt: Attempt) -> bool:
    """Whether a callback, or a later attempt, has overtaken the question."""
    return bool(row.state != "unknown" or row.attempts != attempt.attempts)


def _sids_of_phone(scope: ClinicScope, phone: str) -> frozenset[str]:
    """The carrier's ids that belong to other texts of this phone already."""
    message = tables.message
    rows = scope.connection.execute(
        select(message.c.sid).where(
            message.c.clinic_id == scope.clinic_id,
            message.c.phone_digest == scope.phone_digest(phone),
            message.c.sid.is_not(None),
        )
    )
    return frozenset(rows.scalars())


def _keep_waiting(attempt: Attempt, vaults: Vaults, now: datetime) -> None:
    """The list cannot be reached: a reminder waits and in the end expires; an alert goes out, marked as a repeat."""
    claim = attempt.claim
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        lock_phone(scope, claim.row_id)
        row = row_of(scope, attempt)
        if _has_moved_on(row, attempt):
            return
        if row.lane == "alert" and real_now() - row.attempted_at > ALERT_WAITS_FOR_LIST:
            write_message(scope, row.id, state="planned", maybe_repeat=True)
        elif now > row.expires_at:
            write_message(scope, row.id, state="expired", settled_at=now)
            finish_claim(scope, claim)
            call_if_news(scope, row, now)
            return
        release_claim(scope, claim, real_now() + timedelta(seconds=5))
