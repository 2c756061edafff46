"""The sender of one lane: claim, mark and commit, call the carrier, write the outcome."""

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

from jobs.calls import place_one
from jobs.in_hand import InHand
from jobs.runner import JobsApp
from recovery_api.clock import monotonic
from recovery_api.domain.pacing import Pace
from recovery_api.logs import log
from recovery_api.services.beat import beat
from recovery_api.services.claim_work import Claim, claim_work, current_holders, release_dead_holders
from recovery_api.services.queue_calls import KIND
from recovery_api.services.send_messages import (
    FENCE_SECONDS,
    FENCED,
    WITHDRAWN,
    begin_attempt,
    call_carrier,
    still_wanted,
    write_outcome,
)
from recovery_api.services.settle_unknown import settle_with_list

THREADS = 8
IDLE_SECONDS = 0.15
BEAT_SECONDS = 1.0


def run_sender(jobs_app: JobsApp, lane: str) -> None:
    """Send the due texts of `lane` until told to stop; a call under way is seen to its end."""
    process = f"sender-{lane}"
    jobs_app.begin(process)
    jobs_app.attempt("release_dead_holders", _release_the_dead)
    log("sender.started", lane=lane)
    in_hand = InHand(lane, jobs_app.holder)
    next_beat = 0.0
    with ThreadPoolExecutor(THREADS, thread_name_prefix=process) as pool:
        while not jobs_app.stop.is_set():
            started = monotonic()
            claims = _claim(jobs_app, lane, THREADS - len(in_hand.under_way()))
            for claim in claims or ():
                in_hand.add(pool.submit(_deliver, jobs_app, claim, started), claim)
            if claims is None:
                in_hand.note_trouble()
            else:
                jobs_app.attempt("give_back", in_hand.settle_trouble)
            if started >= next_beat and claims is not None:
                jobs_app.attempt("beat", partial(_beat, process, jobs_app.holder))
                next_beat = started + BEAT_SECONDS
            if claims:
                wait(in_hand.under_way(), timeout=IDLE_SECONDS, return_when="FIRST_COMPLETED")
            else:
                jobs_app.stop.wait(IDLE_SECONDS)
    log("sender.stopped", lane=lane)


def _claim(jobs_app: JobsApp, lane: str, most: int) -> list[Claim] | None:
    """What this sender takes in hand now; None where it could not even look, which is no sign of life."""
    looked: list[list[Claim]] = [] if most > 0 else [[]]

    def work() -> int:
        now = jobs_app.wiring.clock.now()
        looked.append(claim_work(f"send_{lane}", jobs_app.holder, now, most))
        if lane == "bulk" and len(looked[0]) < most:
            looked[0] += claim_work(KIND, jobs_app.holder, now, most - len(looked[0]))
        return len(looked[0])

    if most > 0:
        jobs_app.attempt("claim", work)
    return looked[0] if looked else None


def _deliver(jobs_app: JobsApp, claim: Claim, claimed: float) -> int:
    one = place_one if claim.kind == KIND else _send_one
    return jobs_app.attempt("deliver", partial(one, jobs_app, claim, claimed, monotonic))


def _send_one(jobs_app: JobsApp, claim: Claim, claimed: float, clock: Callable[[], float]) -> int:
    """One message from claim to outcome. A sender that was frozen past its fence no longer calls the carrier."""
    parts = jobs_app.wiring
    settings = parts.settings
    pace = Pace.of(settings.segments_per_second)
    attempt = begin_attempt(claim, parts.vaults, settings.public_url, parts.clock.now(), pace)
    if attempt is None:
        return 0
    if attempt.must_settle:
        settle_with_list(attempt, parts.gateway, parts.vaults, parts.clock.now())
        return 1
    wanted = still_wanted(attempt, parts.vaults, parts.clock.now())
    fresh = clock() - claimed < FENCE_SECONDS
    outcome = (call_carrier(attempt, parts.gateway) if fresh else FENCED) if wanted else WITHDRAWN
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
