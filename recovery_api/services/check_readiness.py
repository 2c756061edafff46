"""Whether the product works right now, and whether a process may start at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from recovery_api.clock import real_now
from recovery_api.config import Settings, SettingsRefused
from recovery_api.db import READING_COPY, db, open_transaction
from recovery_api.gateways.database_roles import why_the_role_is_unfit
from recovery_api.gateways.vapid import vapid_key
from recovery_api.models import tables

SEEN_WITHIN = {
    "ticker": timedelta(seconds=30),
    "sender-alert": timedelta(seconds=30),
    "sender-bulk": timedelta(seconds=30),
}
_MIGRATIONS = Path(__file__).parents[2] / "migrations" / "versions"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `trouble` is None where all is well."""

    name: str
    trouble: str | None = None


def readiness() -> list[Check]:
    """The database, its migrations, and every process that must be alive."""
    try:
        with open_transaction() as connection:
            return [Check("database"), _migrations(connection), *_processes(connection)]
    except SQLAlchemyError:
        return [Check("database", "cannot be reached")]


def why_the_copy_is_unfit() -> str | None:
    """What is wrong with the copy that DATABASE_READ_URL names; None where nothing is."""
    try:
        with db.engines[READING_COPY].connect() as connection:
            return _migrations(connection).trouble or why_the_role_is_unfit(connection)
    except SQLAlchemyError:
        return "cannot be reached; reports are read from the database itself"


def refuse_to_start(settings: Settings) -> None:
    """Raise SettingsRefused with every reason, a line each, why this process must not start."""
    reasons = settings.refusals()
    if reasons:
        raise SettingsRefused("\n  ".join(reasons))
    vapid_key(settings)
    try:
        with open_transaction() as connection:
            troubles = [_migrations(connection).trouble, why_the_role_is_unfit(connection)]
    except SQLAlchemyError as error:
        raise SettingsRefused(f"the database cannot be reached ({type(error).__name__})") from None
    reasons = [trouble for trouble in troubles if trouble]
    if reasons:
        raise SettingsRefused("\n  ".join(reasons))


@cache
def migration_head() -> str:
    """The newest migration that this code knows: a file's name begins with its revision, and they count upward."""
    return max(file.name.partition("_")[0] for file in _MIGRATIONS.glob("[0-9]*_*.py"))


def _migrations(connection: Connection) -> Check:
    known = connection.execute(text("SELECT to_regclass('public.alembic_version')")).scalar()
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
    return migration_check(version)


def migration_check(version: str | None) -> Check:
    """Whether the database is at the newest migration that this code knows, or at a newer one.

    Migrations only add, and come before the code that needs them: processes of the code before them go on working.
    """
    if version is not None and version.isdigit() and int(version) >= int(migration_head()):
        return Check("migrations")
    return Check("migrations", "pending: run `flask --app wsgi db upgrade`")


def _processes(connection: Connection) -> list[Check]:
    beat = tables.heartbeat
    rows = connection.execute(
        select(beat.c.process, func.max(beat.c.beat_at).label("seen_at")).group_by(beat.c.process)
    )
    return process_checks({row.process: row.seen_at for row in rows})


def process_checks(seen: Mapping[str, datetime]) -> list[Check]:
    """Whether every process was seen lately, from when (real time) each was seen last."""
    now = real_now()
    checks = []
    for process, within in SEEN_WITHIN.items():
        alive = process in seen and now - seen[process] <= within
        checks.append(Check(process, None if alive else f"not seen for {int(within.total_seconds())} s"))
    return checks
