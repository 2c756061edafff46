"""Send what is due: mark, commit, call the carrier, write the outcome; and settle what nobody knows the end of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.gateways.sms import (
    Accepted,
    CarrierUnreachable,
    NotSent,
    OutboundText,
    Rejected,
    SendOutcome,
    SmsGateway,
    Throttled,
)
from recovery_api.models import tables
from recovery_api.services.change_contact import ask_question_at
from recovery_api.services.claim_work import Claim, finish, release
from recovery_api.services.follow_delivery import learn_from_failure, lock_phone
from recovery_api.services.may_send import why_not_to_send

FENCE_SECONDS = 20
QUIET = {"bulk": timedelta(seconds=35), "alert": timedelta(seconds=8)}
ASK_AGAIN = {"bulk": timedelta(seconds=8), "alert": timedelta(seconds=3)}
TIMES_TO_ASK = 2
ALERT_WAITS_FOR_LIST = timedelta(minutes=5)
UNDER_WAY = ("sending", "unknown")
LIVE = ("planned", "throttled", *UNDER_WAY)
BACK_OFF = (1, 2, 5, 15, 30, 60, 120, 300)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to the carrier that is about to be made, or whose end must be found out."""

    claim: Claim
    text: OutboundText
    lane: str
    attempts: int
    since: datetime
    must_settle: bool


def begin_attempt(claim: Claim, vaults: Vaults, public_url: str, now: datetime) -> Attempt | None:
    """Decide about one claimed message and commit the decision; None where nothing is to be sent.

    A message found `sending` belongs to a sender that died: its end is unknown until the carrier is asked.
    """
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        lock_phone(scope, claim.row_id)
        row = scope.connection.execute(_MESSAGE, {"clinic": claim.clinic_id, "id": claim.row_id}).one_or_none()
        if row is None or row.state not in LIVE:
            _finish(scope, claim)
            return None
        if row.sid is not None:  # an outcome that came late: the carrier has it
            _write(scope, row.id, state="accepted")
            _finish(scope, claim)
            return None
        if row.state in UNDER_WAY:
            return _to_settle(scope, claim, row, public_url, now)
        refusal = why_not_to_send(scope, row, now)
        if refusal is not None:
            _write(scope, row.id, state=refusal, settled_at=now)
            _finish(scope, claim)
            return None
        attempted_at = real_now()
        _write(scope, row.id, state="sending", attempts=row.attempts + 1, attempted_at=attempted_at, asked_list=0)
        if row.question is not None and row.contact_point_id is not None:
            ask_question_at(scope, row.contact_point_id, row.question, row.question_on, row.id, now)
        return _attempt(scope, claim, row, public_url, now, attempted_at, must_settle=False)


def _to_settle(scope: ClinicScope, claim: Claim, row: AnyRow, public_url: str, now: datetime) -> Attempt | None:
    """An attempt whose end is unknown is left in quiet first, so that a call still under way can arrive."""
    quiet_until = row.attempted_at + QUIET[row.lane]
    if row.state == "sending":
        _write(scope, row.id, state="unknown")
    if real_now() < quiet_until:
        _release(scope, claim, quiet_until)
        return None
    return _attempt(scope, claim, row, public_url, now, row.attempted_at, must_settle=True)


def _attempt(
    scope: ClinicScope, claim: Claim, row: AnyRow, public_url: str, now: datetime, since: datetime, must_settle: bool
) -> Attempt:
    text = OutboundText(
        to=scope.vault.open("message.phone", row.id, row.phone_sealed),
        body=scope.vault.open("message.body", row.id, row.body_sealed),
        from_=row.sender_number,
        status_callback=f"{public_url}/webhooks/twilio/status?m={callback_id(claim.clinic_id, row.id)}",
        validity_seconds=int(max(60, (row.expires_at - now).total_seconds())),
    )
    return Attempt(claim, text, row.lane, row.attempts + (0 if must_settle else 1), since, must_settle)


def callback_id(clinic_id: UUID, message_id: UUID) -> str:
    """Our own name of a message in the carrier's callback: it needs no escaping and no look-up."""
    return clinic_id.hex + message_id.hex


def call_carrier(attempt: Attempt, gateway: SmsGateway) -> SendOutcome:
    """Make the one call. No transaction is open here."""
    return gateway.send(attempt.text)


def settle_with_list(attempt: Attempt, gateway: SmsGateway, vaults: Vaults, now: datetime) -> None:
    """Ask the carrier's own list what became of an attempt; only after two empty answers is it sent again."""
    claim = attempt.claim
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        taken = _sids_of_phone(scope, attempt.text.to)
    try:
        sid = gateway.find(attempt.text.to, attempt.text.body, attempt.since, taken)
    except CarrierUnreachable:
        _keep_waiting(attempt, vaults, now)
        return
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        row = scope.connection.execute(_MESSAGE, {"clinic": claim.clinic_id, "id": claim.row_id}).one()
        if row.state != "unknown" or row.attempts != attempt.attempts:
            return  # a callback, or a later attempt, has moved on
        if row.sid is not None or sid is not None:
            _write(scope, row.id, state="accepted", sid=row.sid or sid)
            _finish(scope, claim)
        elif row.asked_list + 1 < TIMES_TO_ASK:
            _write(scope, row.id, asked_list=row.asked_list + 1)
            _release(scope, claim, real_now() + ASK_AGAIN[row.lane])
        else:
            _write(scope, row.id, state="planned", asked_list=0)
            _release(scope, claim, real_now())


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
        row = scope.connection.execute(_MESSAGE, {"clinic": claim.clinic_id, "id": claim.row_id}).one()
        if row.state != "unknown" or row.attempts != attempt.attempts:
            return
        if row.lane == "alert" and real_now() - row.attempted_at > ALERT_WAITS_FOR_LIST:
            _write(scope, row.id, state="planned", maybe_repeat=True)
        elif now > row.expires_at:
            _write(scope, row.id, state="expired", settled_at=now)
            _finish(scope, claim)
            return
        _release(scope, claim, real_now() + timedelta(seconds=5))


def write_outcome(attempt: Attempt, outcome: SendOutcome, vaults: Vaults, now: datetime) -> None:
    """Write what the carrier said of this attempt, unless a callback or a later attempt said more already.

    A late outcome changes neither state nor queue. The id that it brings is kept all the same: a text that has
    one is never sent again.
    """
    claim = attempt.claim
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        if isinstance(outcome, Rejected):
            lock_phone(scope, claim.row_id)
        row = scope.connection.execute(_MESSAGE, {"clinic": claim.clinic_id, "id": claim.row_id}).one()
        if isinstance(outcome, Accepted) and row.sid is None:
            _write(scope, row.id, sid=outcome.sid)
        if row.state in UNDER_WAY and row.attempts == attempt.attempts:
            _apply(scope, attempt, row, Accepted(row.sid, "") if row.sid else outcome, now)
        elif row.state not in LIVE:
            _finish(scope, claim)


def _apply(scope: ClinicScope, attempt: Attempt, row: AnyRow, outcome: SendOutcome, now: datetime) -> None:
    claim = attempt.claim
    match outcome:
        case Accepted():
            _write(scope, row.id, state="accepted")
            _finish(scope, claim)
        case Rejected(code=code, kind=kind):
            _write(scope, row.id, state="rejected", error_code=code, settled_at=now)
            _finish(scope, claim)
            learn_from_failure(scope, row, kind, code, now)
        case Throttled(retry_after_seconds=seconds, code=code):
            _write(scope, row.id, state="throttled", error_code=code)
            wait = min(seconds if seconds is not None else _back_off(attempt), 300)
            _release(scope, claim, real_now() + timedelta(seconds=wait))
        case NotSent():
            _write(scope, row.id, state="planned")
            _release(scope, claim, real_now() + timedelta(seconds=_back_off(attempt)))
        case _:
            _write(scope, row.id, state="unknown")
            _release(scope, claim, row.attempted_at + QUIET[row.lane])


def _back_off(attempt: Attempt) -> int:
    """Seconds until the next try, with the attempts so far; a text in the alert lane never waits long."""
    wait = BACK_OFF[min(max(attempt.attempts, 1), len(BACK_OFF)) - 1]
    return min(wait, 15) if attempt.lane == "alert" else wait


def _finish(scope: ClinicScope, claim: Claim) -> None:
    finish(scope.connection, claim.kind, claim.clinic_id, claim.row_id)


def _release(scope: ClinicScope, claim: Claim, until: datetime) -> None:
    release(scope.connection, claim.kind, claim.clinic_id, claim.row_id, until)


def _write(scope: ClinicScope, message_id: UUID, **values: Any) -> None:
    message = tables.message
    scope.connection.execute(
        update(message).where(message.c.clinic_id == scope.clinic_id, message.c.id == message_id).values(**values)
    )


_MESSAGE = (
    select(tables.message)
    .where(tables.message.c.clinic_id == bindparam("clinic"), tables.message.c.id == bindparam("id"))
    .with_for_update()
)
