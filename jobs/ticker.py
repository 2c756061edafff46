"""The ticker: APScheduler as the clock, never the memory."""

from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from jobs.runner import JobsApp
from jobs.timetable import TIMETABLE, Job
from recovery_api.logs import log
from recovery_api.services.beat import beat


def run_ticker(jobs_app: JobsApp) -> None:
    """Tick until told to stop. A tick that was missed is made up for at once; two never run side by side."""
    jobs_app.begin("ticker")
    scheduler = BackgroundScheduler(timezone="UTC", executors={"default": ThreadPoolExecutor(len(TIMETABLE))})
    for job in TIMETABLE:
        scheduler.add_job(
            partial(_tick, jobs_app, job),
            "interval",
            seconds=job.every_seconds,
            id=job.name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    scheduler.start()
    log("ticker.started")
    jobs_app.attempt("plan_reminders", lambda: TIMETABLE[0].run(jobs_app, jobs_app.wiring.clock.now()))
    jobs_app.stop.wait()
    scheduler.shutdown(wait=True)
    log("ticker.stopped")


def _tick(jobs_app: JobsApp, job: Job) -> None:
    def work() -> int:
        count = job.run(jobs_app, jobs_app.wiring.clock.now())
        beat("ticker", jobs_app.holder)
        if count:
            log("job.done", job=job.name, count=count)
        return count

    jobs_app.attempt(job.name, work)
