"""The ticker: APScheduler as the clock, never the memory."""

from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from jobs.runner import JobsApp
from jobs.timetable import TIMETABLE, Job
from recovery_api.clock import monotonic, real_now
from recovery_api.logs import log
from recovery_api.services.beat import beat


class Rounds:
    """When each job last completed a cycle: the ticker is alive while every one of them is in its time."""

    def __init__(self, jobs: tuple[Job, ...] = TIMETABLE) -> None:
        self._jobs = jobs
        self._completed: dict[str, float] = {}

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
    """One cycle of one job, with a heartbeat of its own, and the ticker's where every job is in its time."""

    def work() -> int:
        count = job.run(jobs_app, jobs_app.wiring.clock.now())
        beat(f"ticker:{job.name}", jobs_app.holder)
        if rounds.completed(job, monotonic()):
            beat("ticker", jobs_app.holder)
        if count:
            log("job.done", job=job.name, count=count)
        return count

    jobs_app.attempt(job.name, work)
