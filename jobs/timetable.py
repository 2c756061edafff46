"""The timetable: a handful of ticks; what is due lives in rows, never in the scheduler."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.hand_over import run as hand_over
from jobs.plan import run as plan
from jobs.runner import JobsApp
from jobs.silence import run as silence


@dataclass(frozen=True)
class Job:
    """One tick: how often it comes, and what it says that it did."""

    name: str
    every_seconds: float
    run: Callable[[JobsApp, datetime], int]
    counts: str


TIMETABLE = (
    Job("plan_reminders", 30, plan, "{count} reminders planned"),
    Job("hand_over_reminders", 1, hand_over, "{count} reminders handed over"),
    Job("watch_silence", 2, silence, "{count} unanswered questions judged"),
)
