"""The command that looks at everything a clinic relies on, a line each."""

import sys
from collections.abc import Callable, Iterator
from functools import partial

import click
from flask import current_app
from sqlalchemy.exc import ArgumentError

from recovery_api.app import create_app
from recovery_api.cli.play import fill_in
from recovery_api.clock import real_now
from recovery_api.config import Settings, SettingsRefused
from recovery_api.gateways.postgres import EmbeddedPostgresError
from recovery_api.gateways.vapid import vapid_key
from recovery_api.services.check_readiness import Check, readiness, why_the_copy_is_unfit
from recovery_api.wiring import wiring


@click.command("doctor")
def doctor() -> None:
    """Check settings, keys, database, migrations, clock, addresses and processes; exit 1 if any fails."""
    own = wiring().settings
    try:
        settings = fill_in(own)
    except (EmbeddedPostgresError, SettingsRefused) as refused:
        raise click.ClickException(str(refused)) from None
    app = create_app(settings) if settings.database_url != own.database_url else current_app
    with app.app_context():
        checks = list(_checks(settings))
    for check in checks:
        click.echo(f"{'ok  ' if check.trouble is None else 'FAIL'}  {check.name}{_because(check)}")
    sys.exit(1 if any(check.trouble for check in checks) else 0)


def _because(check: Check) -> str:
    return f": {check.trouble}" if check.trouble else ""


def _checks(settings: Settings) -> Iterator[Check]:
    refusals = settings.refusals()
    yield Check("settings", "; ".join(refusals) or None)
    for name, read in _keys(settings):
        try:
            read()
            yield Check(name)
        except SettingsRefused as refused:
            yield Check(name, str(refused))
    yield Check("public address", None if settings.public_url else "PUBLIC_URL is not set")
    hook = f"{settings.public_url}/webhooks/twilio/inbound"
    unset = None if settings.public_url else "PUBLIC_URL is not set"
    yield Check(f"web hooks, to be entered at Twilio as {hook}", unset)
    credentials = settings.twilio_account_sid and (settings.twilio_auth_tokens or settings.twilio_api_key)
    yield Check("Twilio credentials", None if credentials else "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set")
    ahead = abs((wiring().clock.now() - real_now()).total_seconds())
    yield Check("clock", f"product time is {ahead:.0f} s away from real time" if ahead > 1 else None)
    yield from _database(settings)
    yield _reading_copy(settings)


def _keys(settings: Settings) -> tuple[tuple[str, Callable[[], object]], ...]:
    pushes = "key of the pushes" if settings.vapid_key_file else "key of the pushes, none is set"
    return (
        ("key of the sessions", settings.secret_key),
        ("key of the data", settings.data_key),
        (pushes, partial(vapid_key, settings)),
    )


def _reading_copy(settings: Settings) -> Check:
    if not settings.database_read_url:
        return Check("copy for reports, none as DATABASE_READ_URL is not set")
    with current_app.app_context():
        return Check("copy for reports", why_the_copy_is_unfit())


def _database(settings: Settings) -> Iterator[Check]:
    if not settings.database_url:
        yield Check("database", "DATABASE_URL is not set")
        return
    try:
        with current_app.app_context():
            yield from readiness()
    except ArgumentError:
        yield Check("database", "DATABASE_URL is not an address of PostgreSQL")
