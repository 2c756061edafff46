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
from recovery_api.services.follow_delivery import learn_from_failure
from recovery_api.services.may_send import why_not_to_send

FENCE_SECONDS = 20
QUIET = {"bulk": timedelta(seconds=35), "alert": timedelta(seconds=8)}
ASK_AGAIN = {"bulk": timedelta(seconds=8), "alert": timedelta(seconds=3)}
TIMES_TO_ASK = 2
ALERT_WAITS_FOR_LIST = timedelta(minutes=5)
UNDER_WAY = ("sending", "unknown")
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
        row = scope.connection.execute(_MESSAGE, {"clinic": claim.clinic_id, "id": claim.row_id}).one_or_none()
        if row is None or row.state not in ("planned", "throttled", "sending", "unknown"):
            finish(scope.connection, claim.clinic_id, claim.row_id)
            return None
        if row.state in UNDER_WAY:
            return _to_settle(scope, claim, row, public_url, now)
        refusal = why_not_to_send(scope, row, now)
        if refusal is not None:
            _write(scope, row.id, state=refusal, settled_at=now)
            finish(scope.connection, claim.clinic_id, claim.row_id)
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
        release(scope.connection, claim.clinic_id, claim.row_id, quiet_until)
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
        if row.state != "unknown":
            finish(scope.connection, claim.clinic_id, claim.row_id)
            return
        if sid is not None:
            _write(scope, row.id, state="accepted", sid=sid)
            finish(scope.connection, claim.clinic_id, claim.row_id)
        elif row.asked_list + 1 < TIMES_TO_ASK:
            _write(scope, row.id, asked_list=row.asked_list + 1)
            release(scope.connection, claim.clinic_id, claim.row_id, real_now() + ASK_AGAIN[row.lane])
        else:
            _write(scope, row.id, state="planned", asked_list=0)
            release(scope.connection, claim.clinic_id, claim.row_id, real_now())


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
        if row.state == "unknown" and row.lane == "alert" and real_now() - row.attempted_at > ALERT_WAITS_FOR_LIST:
            _write(scope, row.id, state="planned", maybe_repeat=True)
        elif row.state == "unknown" and now > row.expires_at:
            _write(scope, row.id, state="expired", settled_at=now)
            finish(scope.connection, claim.clinic_id, claim.row_id)
            return
        release(scope.connection, claim.clinic_id, claim.row_id, real_now() + timedelta(seconds=5))


def write_outcome(attempt: Attempt, outcome: SendOutcome, vaults: Vaults, now: datetime) -> None:
    """Write what the carrier said, unless a callback said more already."""
    claim = attempt.claim
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        row = scope.connection.execute(_MESSAGE, {"clinic": claim.clinic_id, "id": claim.row_id}).one()
        if row.state not in UNDER_WAY:
            if isinstance(outcome, Accepted) and row.sid is None:
                _write(scope, row.id, sid=outcome.sid)
            finish(scope.connection, claim.clinic_id, claim.row_id)
            return
        _apply(scope, attempt, row, outcome, now)


def _apply(scope: ClinicScope, attempt: Attempt, row: AnyRow, outcome: SendOutcome, now: datetime) -> None:
    claim, connection = attempt.claim, scope.connection
    match outcome:
        case Accepted(sid=sid):
            _write(scope, row.id, state="accepted", sid=sid)
            finish(connection, claim.clinic_id, claim.row_id)
        case Rejected(code=code, kind=kind):
            _write(scope, row.id, state="rejected", error_code=code, settled_at=now)
            finish(connection, claim.clinic_id, claim.row_id)
            learn_from_failure(scope, row, kind, code, now)
        case Throttled(retry_after_seconds=seconds, code=code):
            _write(scope, row.id, state="throttled", error_code=code)
            wait = min(seconds if seconds is not None else _back_off(attempt), 300)
            release(connection, claim.clinic_id, claim.row_id, real_now() + timedelta(seconds=wait))
        case NotSent():
            _write(scope, row.id, state="planned")
            release(connection, claim.clinic_id, claim.row_id, real_now() + timedelta(seconds=_back_off(attempt)))
        case _:
            _write(scope, row.id, state="unknown")
            release(connection, claim.clinic_id, claim.row_id, row.attempted_at + QUIET[row.lane])


def _back_off(attempt: Attempt) -> int:
    """Seconds until the next try, with the attempts so far; a text in the alert lane never waits long."""
    wait = BACK_OFF[min(max(attempt.attempts, 1), len(BACK_OFF)) - 1]
    return min(wait, 15) if attempt.lane == "alert" else wait


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
