"""Place a call that is due, and settle calls that nobody is going to look at."""

from collections.abc import Callable
from datetime import datetime

from jobs.runner import JobsApp
from recovery_api.gateways.sms import NotSent
from recovery_api.logs import log
from recovery_api.services.claim_work import Claim
from recovery_api.services.place_calls import begin_call, settle_call, write_call_outcome
from recovery_api.services.send_messages import FENCE_SECONDS
from recovery_api.services.settle_calls import settle_calls


def place_one(jobs_app: JobsApp, claim: Claim, claimed: float, clock: Callable[[], float]) -> int:
    """One call from claim to outcome. A sender that was frozen past its fence no longer asks the carrier."""
    parts = jobs_app.wiring
    attempt = begin_call(claim, parts.vaults, parts.settings.public_url, parts.clock.now())
    if attempt is None:
        return 0
    if attempt.must_settle:
        settle_call(attempt, parts.calls, parts.vaults, parts.clock.now())
        return 1
    fresh = clock() - claimed < FENCE_SECONDS
    outcome = parts.calls.place(attempt.call) if fresh else NotSent("fenced")
    write_call_outcome(attempt, outcome, parts.vaults, parts.clock.now())
    log("call.placed", outcome=type(outcome).__name__)
    return 1


def run(jobs_app: JobsApp, now: datetime) -> int:
    """Look through every clinic's calls; returns how many were stranded or had no end."""
    return settle_calls(jobs_app.wiring.vaults, now)
