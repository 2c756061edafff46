"""The command line of the jobs: `python -m jobs ticker | sender LANE | run NAME`."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from jobs.runner import JobsApp
from jobs.sender import run_sender
from jobs.ticker import run_ticker
from jobs.timetable import TIMETABLE
from recovery_api.cli.play import fill_in
from recovery_api.cli.warm_packs import read_packs
from recovery_api.config import Settings, SettingsRefused
from recovery_api.domain.errors import PackError
from recovery_api.domain.written_days import read_instant


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Reminders, silence, and the texts themselves. Any number of each may run at once, on any machines."""


@main.command()
def ticker() -> None:
    """Plan ahead, hand over what is due, and notice silence."""
    with _refused_in_a_line():
        run_ticker(_jobs_app())


@main.command()
@click.argument("lane", type=click.Choice(["alert", "bulk"]))
def sender(lane: str) -> None:
    """Send the texts of one LANE: alert (safety and pages) or bulk (everything else)."""
    with _refused_in_a_line():
        run_sender(_jobs_app(), lane)


@main.command(epilog=f"The jobs: {', '.join(job.name for job in TIMETABLE)}.")
@click.argument("name", type=click.Choice([job.name for job in TIMETABLE]), metavar="NAME")
@click.option("--at", "at", metavar="TIME", help="As of this ISO time instead of now.")
def run(name: str, at: str | None) -> None:
    """Run the job NAME once, and say what it did."""
    try:
        moment = read_instant(at) if at is not None else None
    except ValueError:
        raise click.BadParameter("use an ISO time, such as 2026-11-22T09:00:00Z", param_hint="--at") from None
    with _refused_in_a_line():
        jobs_app = _jobs_app()
    job = next(job for job in TIMETABLE if job.name == name)
    with jobs_app.app.app_context():
        count = job.run(jobs_app, moment or jobs_app.wiring.clock.now())
    click.echo(f"{name}: {job.counts.format(count=count)}")


def _jobs_app() -> JobsApp:
    read_packs()
    return JobsApp.start(fill_in(Settings.from_env()))


@contextmanager
def _refused_in_a_line() -> Iterator[None]:
    try:
        yield
    except (SettingsRefused, PackError) as refused:
        click.echo(f"The jobs cannot start: {refused}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    gc.freeze()  # as in wsgi.py
    main(prog_name="python -m jobs")
