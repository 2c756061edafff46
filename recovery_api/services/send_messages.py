"""Send what is due: mark, commit, call the carrier, and write the outcome."""

from datetime import datetime, timedelta

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.delivery import FailureKind
from recovery_api.domain.pacing import Pace, back_off
from recovery_api.domain.segments import measure
from recovery_api.gateways.sms import Accepted, NotSent, Rejected, SendOutcome, SmsGateway, Throttled
from recovery_api.services.call_with_news import call_if_news
from recovery_api.services.change_contact import ask_question_at
from recovery_api.services.claim_work import Claim
from recovery_api.services.find_twins import has_twin_under_way
from recovery_api.services.flag_refusals import flag_refusal
from recovery_api.services.follow_delivery import learn_from_failure, lock_phone
from recovery_api.services.may_send import why_not_to_send
from recovery_api.services.outbox_rows import (
    LIVE,
    QUIET,
    UNDER_WAY,
    Attempt,
    attempt_on,
    finish_claim,
    outbox_row,
    release_claim,
    row_of,
    write_message,
)
from recovery_api.services.pace_senders import count_failure, count_success, why_wait
from recovery_api.services.settle_unknown import begin_settling

FENCE_SECONDS = 20
FENCED, WITHDRAWN = NotSent("fenced"), NotSent("withdrawn")
LONGEST_WAIT = 300
TWIN_ENDS = timedelta(seconds=3)
UNHURRIED = Pace.of(1.0)


def begin_attempt(
    claim: Claim, vaults: Vaults, public_url: str, now: datetime, pace: Pace = UNHURRIED
) -> Attempt | None:
    """Decide about one claimed message and commit the decision; None where nothing is to be sent.

    A message found `sending` belongs to a sender that died: its end is unknown until the carrier is asked.
    """
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        return begin_inside(scope, claim, public_url, now, pace)


def begin_inside(scope: ClinicScope, claim: Claim, public_url: str, now: datetime, pace: Pace) -> Attempt | None:
    """The same in the caller's transaction, which is committed before the carrier is called."""
    lock_phone(scope, claim.row_id)
    row = outbox_row(scope, claim.row_id)
    if row is None or row.state not in LIVE:
        finish_claim(scope, claim)
        return None
    if row.sid is not None:  # an outcome that came late: the carrier has it
        write_message(scope, row.id, state="accepted")
        finish_claim(scope, claim)
        return None
    if row.state in UNDER_WAY:
        return begin_settling(scope, claim, row, public_url, now)
    refusal = why_not_to_send(scope, row, now)
    if refusal is not None:
        write_message(scope, row.id, state=refusal, settled_at=now)
        finish_claim(scope, claim)
        call_if_news(scope, row, now)
        return None
    return _mark(scope, row, attempt_on(scope, claim, row, public_url, now, real_now(), must_settle=False), pace, now)


def _mark(scope: ClinicScope, row: AnyRow, attempt: Attempt, pace: Pace, now: datetime) -> Attempt | None:
    """The attempt, written down before it is made; None where its twin or the sender's number has to end first."""
    if has_twin_under_way(scope, row, attempt.text.body):
        release_claim(scope, attempt.claim, real_now() + TWIN_ENDS)
        return None
    until = why_wait(scope, row.sender_number, measure(attempt.text.body).segments, attempt.lane, pace)
    if until is not None:
        release_claim(scope, attempt.claim, until)
        return None
    write_message(scope, row.id, state="sending", attempts=attempt.attempts, attempted_at=attempt.since, asked_list=0)
    if row.question is not None and row.contact_point_id is not None:
        ask_question_at(scope, row.contact_point_id, row.question, row.question_on, row.id, now)
    return attempt


def still_wanted(attempt: Attempt, vaults: Vaults, now: datetime) -> bool:
    """The very last look, in the same breath as the call: a STOP may have been committed since the mark was."""
    with clinic_transaction(attempt.claim.clinic_id, vaults) as scope:
        return why_not_to_send(scope, row_of(scope, attempt), now) is None


def call_carrier(attempt: Attempt, gateway: SmsGateway) -> SendOutcome:
    """Make the one call. No transaction is open here."""
    return gateway.send(attempt.text)


def write_outcome(attempt: Attempt, outcome: SendOutcome, vaults: Vaults, now: datetime) -> None:
    """Write what the carrier said of this attempt, unless a callback or a later attempt said more already.

    A late outcome changes neither state nor queue. The id that it brings is kept all the same: a text that has
    one is never sent again.
    """
    with clinic_transaction(attempt.claim.clinic_id, vaults) as scope:
        write_inside(scope, attempt, outcome, now)


def write_inside(scope: ClinicScope, attempt: Attempt, outcome: SendOutcome, now: datetime) -> None:
    """The same in the caller's transaction."""
    if isinstance(outcome, Rejected):
        lock_phone(scope, attempt.claim.row_id)
    row = row_of(scope, attempt)
    if isinstance(outcome, Accepted) and row.sid is None:
        write_message(scope, row.id, sid=outcome.sid)
    if row.state in UNDER_WAY and row.attempts == attempt.attempts:
        _apply(scope, attempt, row, Accepted(row.sid, "") if row.sid else outcome, now)
    elif row.state not in LIVE:
        finish_claim(scope, attempt.claim)
    _note_of_circuit(scope, row.sender_number, outcome)


def _apply(scope: ClinicScope, attempt: Attempt, row: AnyRow, outcome: SendOutcome, now: datetime) -> None:
    claim = attempt.claim
    match outcome:
        case Accepted():
            write_message(scope, row.id, state="accepted")
            finish_claim(scope, claim)
        case Rejected(code=code, kind=FailureKind.SENDER_CONFIG):  # nothing is wrong with the text: it waits
            write_message(scope, row.id, state="planned", error_code=code)
            release_claim(scope, claim, real_now() + _wait(attempt))
        case Rejected(code=code, kind=kind):
            write_message(scope, row.id, state="rejected", error_code=code, settled_at=now)
            finish_claim(scope, claim)
            flag_refusal(scope, row, code, now)
            call_if_news(scope, row, now)
            learn_from_failure(scope, row, kind, code, now)
        case Throttled(retry_after_seconds=seconds, code=code):
            write_message(scope, row.id, state="throttled", error_code=code)
            wait = _wait(attempt) if seconds is None else timedelta(seconds=min(max(seconds, 1), LONGEST_WAIT))
            release_claim(scope, claim, real_now() + wait)
        case NotSent():
            write_message(scope, row.id, state="planned")
            release_claim(scope, claim, real_now() + _wait(attempt))
        case _:
            write_message(scope, row.id, state="unknown")
            release_claim(scope, claim, row.attempted_at + QUIET[row.lane])


def _wait(attempt: Attempt) -> timedelta:
    return timedelta(seconds=back_off(attempt.claim.row_id.bytes, attempt.attempts, attempt.lane))


def _note_of_circuit(scope: ClinicScope, number: str, outcome: SendOutcome) -> None:
    """What the outcome says of the number itself; last in the transaction, since every sender wants that row."""
    match outcome:
        case Rejected(code=code, kind=FailureKind.SENDER_CONFIG):
            count_failure(scope, number, for_good=True, code=code)
        case Accepted() | Rejected():
            count_success(scope, number)
        case Throttled():
            pass
        case _ if outcome not in (FENCED, WITHDRAWN):
            count_failure(scope, number)
