"""The command that lets a simulated clinic live through days, and says what was sent, answered, flagged, and broken."""

import gc
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import make_url

from recovery_api.app import create_app
from recovery_api.cli.keep_simulated import hand_over
from recovery_api.cli.play import fill_in, make_database, migrate
from recovery_api.clock import real_now
from recovery_api.config import Settings, SettingsRefused
from recovery_api.db import db
from recovery_api.gateways.postgres import EmbeddedPostgresError
from recovery_api.patience import end_patience
from recovery_api.simulator.year import DUE_BY_TIME, Year
from recovery_api.simulator.year_carrier import MovingClock, YearCarrier
from recovery_api.simulator.year_counts import count_year, digest_year
from recovery_api.simulator.year_hooks import YearHooks
from recovery_api.simulator.year_people import TRAITS, make_people
from recovery_api.simulator.year_start import start_clinic
from recovery_api.wiring import Wiring, wiring

KEPT_DATABASE = "recovery_simulated"
BEGINS = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # a Monday; a clock change comes within the week


@click.command("simulate")
@click.option("--patients", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many people.")
@click.option("--days", type=click.IntRange(1, 400), default=60, show_default=True, help="How long they are followed.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed, the same year.")
@click.option("--persona", metavar="TRAITS", help=f"Everybody is this: {', '.join(TRAITS)}, joined by hyphens.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.option("--keep", is_flag=True, help="Keep the clinic for an app to play with, and print one patient's tokens.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Where it is served then.")
def simulate(patients: int, days: int, seed: int, persona: str | None, as_json: bool, keep: bool, port: int) -> None:
    """Live through days of a made-up clinic with the real planner, outbox, web hooks and rules, on a moving clock.

    Exit 1 if anything broke: a text at night, twice, too often or after an opt-out, or somebody left alone.
    """
    if wiring().settings.in_production:
        click.echo("simulate is refused: RECOVERY_ENV must be test or demo", err=True)
        sys.exit(1)
    try:
        people = make_people(patients, seed, persona)
    except ValueError as refused:
        raise click.BadParameter(str(refused), param_hint="--persona") from None
    try:
        with _database(replace(wiring().settings, public_url=f"http://localhost:{port}"), keep=keep) as settings:
            year = _year(settings, days)
            with _alive(year):
                year.people = start_clinic(year, people)
                seconds = year.run(_progress(days, quiet=as_json))
                counts, digest = count_year(year), digest_year(year)
                kept = hand_over(settings, year, next(iter(year.people)), port) if keep else None
    except (SettingsRefused, EmbeddedPostgresError) as refused:
        click.echo(f"simulate cannot start: {refused}", err=True)
        sys.exit(1)
    _report(year, counts, patients, seconds, digest, as_json=as_json)
    if kept is not None:
        click.echo(kept.in_words(), err=as_json)
    sys.exit(1 if year.checks.broken else 0)


def _year(settings: Settings, days: int) -> Year:
    app = create_app(settings)
    migrate(app)
    with psycopg.connect(settings.database_admin_url, autocommit=True) as connection:
        connection.execute(DUE_BY_TIME)
    app.before_request(end_patience)  # nobody waits for a simulated answer
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)  # one process that ends soon: looking for cycles all the time only costs
    parts: Wiring = app.extensions["recovery"]
    clock = MovingClock(BEGINS)
    parts.clock = clock
    carrier = YearCarrier(clock, settings.twilio_account_sid)
    hooks = YearHooks(app, settings.public_url, settings.twilio_account_sid, settings.twilio_auth_tokens[0])
    nobody = UUID(int=0)
    return Year(app, parts.vaults, settings.public_url, clock, carrier, hooks, nobody, "", nobody, days, {})


@contextmanager
def _alive(year: Year) -> Iterator[None]:
    with year.app.app_context():
        event.listen(db.engine, "connect", _no_hurry)
        try:
            yield
        finally:
            db.engine.dispose()


def _no_hurry(connection: "psycopg.Connection[Any]", _: object) -> None:
    """A machine that is busy, or asleep, breaks no statement off."""
    connection.execute("SET statement_timeout = 0")
    connection.execute("SET lock_timeout = 0")
    connection.commit()


@contextmanager
def _database(settings: Settings, *, keep: bool) -> Iterator[Settings]:
    """A database of the embedded server, for this run alone unless it is kept; it need not outlive a power cut."""
    embedded = fill_in(replace(settings, database_url="", database_admin_url="", clock_file=None))
    admin, name = embedded.database_admin_url, KEPT_DATABASE if keep else f"simulate_{real_now():%H%M%S%f}"
    make_database(admin, name, afresh=True)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    try:
        url, admin_url = _named(embedded.database_url, name), _named(admin, name)
        yield replace(embedded, database_url=url, database_admin_url=admin_url)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            if not keep:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _progress(days: int, *, quiet: bool) -> Callable[[int], None]:
    if quiet or not sys.stderr.isatty():
        return lambda day: None
    return lambda day: click.echo(f"\rday {day} of {days}", nl=False, err=True)


def _report(
    year: Year, counts: dict[str, Counter[str]], patients: int, seconds: float, digest: str, *, as_json: bool
) -> None:
    broken, minutes = year.checks.broken, year.checks.minutes
    if as_json:
        found = {name: dict(sorted(part.items())) for name, part in counts.items()}
        known = {"patients": patients, "days": year.days, "minutes checked": minutes, "digest": digest}
        click.echo(json.dumps({**known, **found, "broken": broken}))
        return
    for name, part in counts.items():
        click.echo(f"{name}: {part.total()}")
        for what, times in sorted(part.items(), key=lambda pair: (-pair[1], pair[0])):
            click.echo(f"  {times:>6} {what}")
    click.echo(f"{patients} patients, {year.days} days in {seconds:.1f} s; digest {digest}")
    click.echo(f"The coverage invariant was looked at in {minutes} simulated minutes.")
    click.echo(f"{len(broken)} broken" if broken else "Nothing broke.")
    for one in broken:
        click.echo(f"  {one}")
