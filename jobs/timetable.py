"""The timetable: a handful of ticks; what is due lives in rows, never in the scheduler."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.calls import run as calls
from jobs.chase_statuses import run as chase_statuses
from jobs.climb import run as climb
from jobs.clock import run as clock
from jobs.compare import run as compare
from jobs.coverage import run as coverage
from jobs.ends import run as ends
from jobs.forget import run as forget
from jobs.hand_over import run as hand_over
from jobs.heartbeat import run as heartbeat
from jobs.holds import run as holds
from jobs.jumps import run as jumps
from jobs.pages import run as pages
from jobs.plan import run as plan
from jobs.pushes import run as pushes
from jobs.reconcile_inbound import run as reconcile_inbound
from jobs.replies import run as replies
from jobs.requeue import run as requeue
from jobs.runner import JobsApp
from jobs.settle_strays import run as settle_strays
from jobs.silence import run as silence
from jobs.thinners import run as thinners
from jobs.trials import run as trials
from jobs.visits import run as visits
from jobs.wake import run as wake


@dataclass(frozen=True)
class Job:
    """One tick: how often it comes, and what it says that it did."""

    name: str
    every_seconds: float
    run: Callable[[JobsApp, datetime], int]
    counts: str

    @property
    def seconds_allowed(self) -> float:
        """How long after its last completed cycle it still counts as alive: it may be slow once, or miss one tick."""
        return 2 * self.every_seconds + 10


TIMETABLE = (
    Job("plan_reminders", 30, plan, "{count} reminders planned"),
    Job("hand_over_reminders", 1, hand_over, "{count} reminders handed over"),
    Job("watch_silence", 2, silence, "{count} unanswered questions judged"),
    Job("watch_jumps", 15, jumps, "{count} jumps of pain looked at again"),
    Job("end_holds", 30, holds, "{count} holds ended"),
    Job("end_recoveries", 300, ends, "{count} recoveries ended"),
    Job("watch_visits", 300, visits, "{count} visits asked about"),
    Job("watch_thinners", 300, thinners, "{count} blood thinners asked about"),
    Job("wake_flags", 30, wake, "{count} flags woken"),
    Job("follow_clock", 5, clock, "{count} rungs moved with a clock that was put back"),
    Job("climb_ladders", 15, climb, "{count} flags brought up their ladders"),
    Job("tell_pages", 5, pages, "{count} pages handed to e-mail or voice"),
    Job("send_pushes", 3, pushes, "{count} pushes offered to apps"),
    Job("requeue_texts", 60, requeue, "{count} stranded texts put back into the queue"),
    Job("settle_unknown", 60, settle_strays, "{count} stray attempts looked up at the carrier"),
    Job("reconcile_inbound", 60, reconcile_inbound, "{count} missed texts filed"),
    Job("chase_statuses", 300, chase_statuses, "{count} texts without an end asked about"),
    Job("compare_with_carrier", 1800, compare, "{count} numbers compared with the carrier"),
    Job("settle_calls", 60, calls, "{count} calls put back into the queue or ended"),
    Job("watch_coverage", 60, coverage, "{count} found that nothing looked at"),
    Job("watch_replies", 300, replies, "{count} clinics without any reply"),
    Job("forget_answers", 3600, forget, "{count} answers under old keys forgotten"),
    Job("run_trials", 3, trials, "{count} steps of trials made"),
    Job("send_heartbeat", 30, heartbeat, "{count} heartbeats sent"),
)
