"""The ticker: APScheduler as the clock, never the memory."""

from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from jobs.runner import JobsApp
from jobs.timetable import TIMETABLE, Job
from recovery_api.clock import monotonic, real_now
from recovery_api.logs import log, warn
from recovery_api.services.beat import beat

LATE_SECONDS = 60  # after its time a tick is seen from outside, whatever became of it


class Rounds:
    """When each job last began and completed a cycle: the ticker is alive while every one of them is in its time."""

    def __init__(self, jobs: tuple[Job, ...] = TIMETABLE) -> None:
        self._jobs = jobs
        self._began: dict[str, float] = {}
        self._completed: dict[str, float] = {}

    def began(self, job: Job, at: float) -> float:
        """`job` begins a cycle at `at` (monotonic seconds); by how many seconds that is later than its time."""
        before = self._began.get(job.name)
        self._began[job.name] = at
        return 0.0 if before is None else max(0.0, at - before - job.every_seconds)

    def completed(self, job: Job, at: float) -> bool:
        """`job` completed a cycle at `at` (monotonic seconds); whether all of them are in their time."""
        self._completed[job.name] = at
        return all(at - self._completed.get(one.name, float("-inf")) <= one.seconds_allowed for one in self._jobs)


def run_ticker(jobs_app: JobsApp) -> None:
    """Tick until told to stop. A tick that was missed is made up for at once; two never run side by side."""
    jobs_app.begin("ticker")
    scheduler = BackgroundScheduler(timezone="UTC", executors={"default": ThreadPoolExecutor(len(TIMETABLE))})
    rounds = Rounds()
    for job in TIMETABLE:
        scheduler.add_job(
            partial(tick, jobs_app, job, rounds),
            "interval",
            seconds=job.every_seconds,
            next_run_time=real_now(),
            id=job.name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    scheduler.start()
    log("ticker.started")
    jobs_app.stop.wait()
    scheduler.shutdown(wait=True)
    log("ticker.stopped")


def tick(jobs_app: JobsApp, job: Job, rounds: Rounds) -> None:
    """One cycle of one job, with a heartbeat of its own, and the ticker's where every job is in its time.

    One that comes more than a minute late is written down, and stands among the heartbeats for a day.
    """
    late = rounds.began(job, monotonic())

    def work() -> int:
        if late > LATE_SECONDS:
            warn("tick.late", job=job.name, late_seconds=round(late))
            beat(f"late:{job.name}", jobs_app.holder)
        count = job.run(jobs_app, jobs_app.wiring.clock.now())
        beat(f"ticker:{job.name}", jobs_app.holder)
        if rounds.completed(job, monotonic()):
            beat("ticker", jobs_app.holder)
        if count:
            log("job.done", job=job.name, count=count)
        return count

    jobs_app.attempt(job.name, work)
