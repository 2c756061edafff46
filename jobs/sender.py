"""The sender of one lane: claim, mark and commit, call the carrier, write the outcome."""

import os
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from jobs.runner import JobsApp
from recovery_api.clock import monotonic
from recovery_api.gateways.sms import NotSent
from recovery_api.logs import log
from recovery_api.services.beat import beat
from recovery_api.services.claim_work import Claim, claim_work, current_holders, release_dead_holders
from recovery_api.services.send_messages import (
    FENCE_SECONDS,
    begin_attempt,
    call_carrier,
    settle_with_list,
    write_outcome,
)

THREADS = 8
IDLE_SECONDS = 0.15
BEAT_SECONDS = 1.0


def run_sender(jobs_app: JobsApp, lane: str) -> None:
    """Send the due texts of `lane` until told to stop; a call under way is seen to its end."""
    process = f"sender-{lane}"
    jobs_app.begin(process)
    jobs_app.attempt("release_dead_holders", _release_the_dead)
    log("sender.started", lane=lane)
    under_way: set[Future[int]] = set()
    next_beat = 0.0
    with ThreadPoolExecutor(THREADS, thread_name_prefix=process) as pool:
        while not jobs_app.stop.is_set():
            under_way = {future for future in under_way if not future.done()}
            started = monotonic()
            claims = _claim(jobs_app, lane, THREADS - len(under_way))
            under_way |= {pool.submit(_deliver, jobs_app, claim, started) for claim in claims or ()}
            if started >= next_beat and claims is not None:
                jobs_app.attempt("beat", partial(_beat, process, jobs_app.holder))
                next_beat = started + BEAT_SECONDS
            if claims:
                wait(under_way, timeout=IDLE_SECONDS, return_when="FIRST_COMPLETED")
            else:
                jobs_app.stop.wait(IDLE_SECONDS)
    log("sender.stopped", lane=lane)


def _claim(jobs_app: JobsApp, lane: str, most: int) -> list[Claim] | None:
    """What this sender takes in hand now; None where it could not even look, which is no sign of life."""
    looked: list[list[Claim]] = [] if most > 0 else [[]]

    def work() -> int:
        looked.append(claim_work(f"send_{lane}", jobs_app.holder, jobs_app.wiring.clock.now(), most))
        return len(looked[0])

    if most > 0:
        jobs_app.attempt("claim", work)
    return looked[0] if looked else None


def _deliver(jobs_app: JobsApp, claim: Claim, claimed: float) -> int:
    return jobs_app.attempt("deliver", partial(_send_one, jobs_app, claim, claimed, monotonic))


def _send_one(jobs_app: JobsApp, claim: Claim, claimed: float, clock: Callable[[], float]) -> int:
    """One message from claim to outcome. A sender that was frozen past its fence no longer calls the carrier."""
    parts = jobs_app.wiring
    attempt = begin_attempt(claim, parts.vaults, parts.settings.public_url, parts.clock.now())
    if attempt is None:
        return 0
    if attempt.must_settle:
        settle_with_list(attempt, parts.gateway, parts.vaults, parts.clock.now())
        return 1
    fresh = clock() - claimed < FENCE_SECONDS
    outcome = call_carrier(attempt, parts.gateway) if fresh else NotSent("fenced")
    write_outcome(attempt, outcome, parts.vaults, parts.clock.now())
    log("text.sent", lane=attempt.lane, outcome=type(outcome).__name__, message_id=str(claim.row_id))
    return 1


def _beat(process: str, holder: str) -> int:
    beat(process, holder)
    return 1


def _release_the_dead() -> int:
    """What senders of this machine held when they died is taken up at once instead of after its lease."""
    host = socket.gethostname()
    dead = [holder for holder in current_holders() if holder.split(":")[0] == host and not _lives(holder)]
    if dead:
        release_dead_holders(dead)
    return len(dead)


def _lives(holder: str) -> bool:
    try:
        os.kill(int(holder.split(":")[1]), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True
