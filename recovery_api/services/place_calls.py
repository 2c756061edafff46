"""Place calls that are due: mark, commit, ask the carrier, write the outcome; and never two for one planned item."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.delivery import FailureKind
from recovery_api.gateways.sms import Accepted, CarrierUnreachable, NotSent, Rejected, SendOutcome, Throttled
from recovery_api.gateways.voice import CallGateway, OutboundCall
from recovery_api.models import tables
from recovery_api.packs.call_pack import call_plan
from recovery_api.services.claim_work import Claim, finish, release
from recovery_api.services.end_call import end_call, flag_unreached
from recovery_api.services.find_line_in_use import is_line_in_use
from recovery_api.services.may_call import facts_of, why_not_to_call

QUIET = timedelta(seconds=35)
ASK_AGAIN = timedelta(seconds=8)
WAIT = timedelta(seconds=30)
TIMES_TO_ASK = 2
UNDER_WAY = ("sending", "unknown")
LIVE = ("planned", "throttled", *UNDER_WAY)


@dataclass(frozen=True, slots=True)
class CallAttempt:
    """One request to the carrier that is about to be made, or whose end must be found out."""

    claim: Claim
    call: OutboundCall
    attempts: int
    since: datetime
    must_settle: bool


def begin_call(claim: Claim, vaults: Vaults, public_url: str, now: datetime) -> CallAttempt | None:
    """Decide about one claimed call and commit the decision; None where nothing is to be done now."""
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        call = _row(scope, claim.row_id)
        if call is None or call.state not in LIVE or call.sid is not None:
            if call is not None and call.state in LIVE:  # a web hook was faster: the carrier has it
                _write(scope, call.id, state="accepted")
            _finish(scope, claim)
            return None
        if call.state in UNDER_WAY:
            return _to_settle(scope, claim, call, public_url)
        point = facts_of(scope, call)
        refusal = why_not_to_call(scope, call, point, now)
        if refusal is not None:
            _write(scope, call.id, state=refusal, ended_at=now)
            _finish(scope, claim)
            if refusal == "expired":
                flag_unreached(scope, call, call.try_number - 1, now)
            return None
        if is_line_in_use(scope, call):
            _release(scope, claim, real_now() + WAIT)
            return None
        since = real_now()
        _write(scope, call.id, state="sending", attempts=call.attempts + 1, attempted_at=since, asked_list=0)
        return _attempt(scope, claim, call, point, public_url, since, call.attempts + 1, must_settle=False)


def _to_settle(scope: ClinicScope, claim: Claim, call: AnyRow, public_url: str) -> CallAttempt | None:
    """An attempt whose end is unknown is left in quiet first, so that a call still under way can announce itself."""
    if call.state == "sending":
        _write(scope, call.id, state="unknown")
    if real_now() < call.attempted_at + QUIET:
        _release(scope, claim, call.attempted_at + QUIET)
        return None
    point = facts_of(scope, call)
    return _attempt(scope, claim, call, point, public_url, call.attempted_at, call.attempts, must_settle=True)


def _attempt(
    scope: ClinicScope,
    claim: Claim,
    call: AnyRow,
    point: AnyRow,
    public_url: str,
    since: datetime,
    attempts: int,
    must_settle: bool,
) -> CallAttempt:
    hooks = f"{public_url}/webhooks/twilio/voice"
    ours = call_reference(claim.clinic_id, call.id)
    out = OutboundCall(
        to=scope.vault.open("contact_point.phone", point.id, point.phone_sealed),
        from_=call.our_number,
        url=f"{hooks}/answer?c={ours}",
        status_callback=f"{hooks}/status?c={ours}",
        ring_seconds=call_plan().ring_seconds,
    )
    return CallAttempt(claim, out, attempts, since, must_settle)


def call_reference(clinic_id: UUID, call_id: UUID) -> str:
    """Our own name of a call in the carrier's addresses: it says nothing of anybody and needs no escaping."""
    return clinic_id.hex + call_id.hex


def settle_call(attempt: CallAttempt, gateway: CallGateway, vaults: Vaults, now: datetime) -> None:
    """Ask the carrier's list what became of an attempt; only after two empty answers is it made again."""
    claim = attempt.claim
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        taken = _known_sids(scope, claim.row_id)
    try:
        sid = gateway.find_call(attempt.call, attempt.since, taken)
    except CarrierUnreachable:
        with clinic_transaction(claim.clinic_id, vaults) as scope:
            _release(scope, claim, real_now() + WAIT)
        return
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        call = _row(scope, claim.row_id)
        if call is None or call.state != "unknown" or call.attempts != attempt.attempts:
            return
        if sid is not None or call.sid is not None:
            _write(scope, call.id, state="accepted", sid=call.sid or sid)
            _finish(scope, claim)
        elif call.asked_list + 1 < TIMES_TO_ASK:
            _write(scope, call.id, asked_list=call.asked_list + 1)
            _release(scope, claim, real_now() + ASK_AGAIN)
        else:
            _write(scope, call.id, state="planned", asked_list=0)
            _release(scope, claim, real_now())


def write_call_outcome(attempt: CallAttempt, outcome: SendOutcome, vaults: Vaults, now: datetime) -> None:
    """Write what the carrier said of this attempt, unless a web hook or a later attempt said more already."""
    claim = attempt.claim
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        call = _row(scope, claim.row_id)
        if call is None:
            return
        if isinstance(outcome, Accepted) and call.sid is None:
            _write(scope, call.id, sid=outcome.sid)
        if call.state in UNDER_WAY and call.attempts == attempt.attempts:
            _apply(scope, claim, call, Accepted(call.sid, "") if call.sid else outcome, now)


def _apply(scope: ClinicScope, claim: Claim, call: AnyRow, outcome: SendOutcome, now: datetime) -> None:
    match outcome:
        case Accepted():
            _write(scope, call.id, state="accepted")
            _finish(scope, claim)
        case Rejected(code=code, kind=FailureKind.SENDER_CONFIG):  # nothing is wrong with the call: it waits
            _write(scope, call.id, state="planned", error_code=code)
            _release(scope, claim, real_now() + WAIT)
        case Rejected(code=code):
            _write(scope, call.id, state="rejected", error_code=code)
            _finish(scope, claim)
            end_call(scope, call, None, "failed", now)
        case Throttled(retry_after_seconds=seconds, code=code):
            _write(scope, call.id, state="throttled", error_code=code)
            _release(scope, claim, real_now() + timedelta(seconds=min(seconds or WAIT.seconds, 300)))
        case NotSent():
            _write(scope, call.id, state="planned")
            _release(scope, claim, real_now() + WAIT)
        case _:
            _write(scope, call.id, state="unknown")
            _release(scope, claim, call.attempted_at + QUIET)


def _known_sids(scope: ClinicScope, call_id: UUID) -> frozenset[str]:
    """The carrier's ids that belong to other calls of the same phone."""
    table = tables.phone_call
    own = select(table.c.phone_digest).where(table.c.clinic_id == scope.clinic_id, table.c.id == call_id)
    rows = scope.connection.execute(
        select(table.c.sid).where(
            table.c.clinic_id == scope.clinic_id,
            table.c.phone_digest == own.scalar_subquery(),
            table.c.id != call_id,
            table.c.sid.is_not(None),
        )
    )
    return frozenset(rows.scalars())


def _row(scope: ClinicScope, call_id: UUID) -> AnyRow | None:
    table = tables.phone_call
    return scope.connection.execute(
        select(table).where(table.c.clinic_id == scope.clinic_id, table.c.id == call_id).with_for_update()
    ).one_or_none()


def _finish(scope: ClinicScope, claim: Claim) -> None:
    finish(scope.connection, claim.kind, claim.clinic_id, claim.row_id)


def _release(scope: ClinicScope, claim: Claim, until: datetime) -> None:
    release(scope.connection, claim.kind, claim.clinic_id, claim.row_id, until)


def _write(scope: ClinicScope, call_id: UUID, **values: Any) -> None:
    table = tables.phone_call
    scope.connection.execute(
        update(table).where(table.c.clinic_id == scope.clinic_id, table.c.id == call_id).values(**values)
    )
