"""The timetable: a handful of ticks; what is due lives in rows, never in the scheduler."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.hand_over import run as hand_over
from jobs.plan import run as plan
from jobs.requeue import run as requeue
from jobs.runner import JobsApp
from jobs.silence import run as silence
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
    Job("wake_flags", 30, wake, "{count} flags woken"),
    Job("requeue_texts", 60, requeue, "{count} stranded texts put back into the queue"),
)
