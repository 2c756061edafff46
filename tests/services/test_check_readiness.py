"""Fit to start and ready to serve: the schema, the role, and every process that must be alive."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, update
from sqlalchemy.engine import make_url

from recovery_api.app import create_app
from recovery_api.cli import register_commands
from recovery_api.clock import real_now
from recovery_api.config import Settings, SettingsRefused
from recovery_api.db import db, open_transaction
from recovery_api.models import tables
from recovery_api.services.beat import beat
from recovery_api.services.check_readiness import SEEN_WITHIN, migration_check, migration_head, refuse_to_start

PASSWORD = "a-password-of-tests-alone"


@contextmanager
def at_migration(superuser: psycopg.Connection[Any], version: str) -> Iterator[None]:
    """The database as another release left it."""
    superuser.execute("UPDATE alembic_version SET version_num = %s", (version,))
    try:
        yield
    finally:
        superuser.execute("UPDATE alembic_version SET version_num = %s", (migration_head(),))


def reasons(settings: Settings) -> str:
    """Why a process with these settings does not start; "" where it does."""
    app = create_app(settings)
    with app.app_context():
        try:
            refuse_to_start(settings)
        except SettingsRefused as refused:
            return str(refused)
        finally:
            db.engine.dispose()
    return ""


def test_a_database_that_waits_for_a_migration_starts_no_process(
    settings: Settings, superuser: psycopg.Connection[Any]
) -> None:
    with at_migration(superuser, "0001"):
        assert reasons(settings) == "pending: run `flask --app wsgi db upgrade`"
    assert reasons(settings) == ""


def test_a_database_that_waits_for_a_migration_is_not_ready(
    app: Flask, database: Connection, superuser: psycopg.Connection[Any]
) -> None:
    with at_migration(superuser, "0001"):
        answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["migrations"].startswith("pending")


def test_a_web_that_is_not_fit_says_why_and_serves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recovery_api.cli.serve._run", lambda *_: pytest.fail("the web was started"))
    app = create_app(Settings(env="production"))
    with app.app_context():
        register_commands(app)
        served = app.test_cli_runner().invoke(args=["serve"])
    assert served.exit_code == 1
    assert served.output.startswith("The web cannot start: ")


def test_a_database_that_is_ahead_of_the_code_keeps_old_processes_at_work(
    settings: Settings, superuser: psycopg.Connection[Any]
) -> None:
    with at_migration(superuser, f"{int(migration_head()) + 1:04}"):
        assert reasons(settings) == ""


@pytest.mark.parametrize(
    ("version", "fit"), [(None, False), ("", False), ("0001", False), ("1f3c9ad", False), ("9999", True)]
)
def test_only_the_newest_migration_or_a_newer_one_will_do(version: str | None, fit: bool) -> None:
    assert (migration_check(version).trouble is None) is fit
    assert migration_check(migration_head()).trouble is None


def test_a_role_that_bypasses_the_walls_starts_no_process(settings: Settings) -> None:
    assert "can bypass row-level security" in reasons(replace(settings, database_url=settings.database_admin_url))


def test_a_role_that_owns_the_tables_starts_no_process(settings: Settings, superuser: psycopg.Connection[Any]) -> None:
    role = f"owner_of_{make_url(settings.database_url).database}"
    superuser.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    superuser.execute(f"GRANT {make_url(settings.database_admin_url).username} TO {role}")
    owner = make_url(settings.database_url).set(username=role, password=PASSWORD)
    try:
        said = reasons(replace(settings, database_url=owner.render_as_string(hide_password=False)))
    finally:
        superuser.execute(f"DROP ROLE {role}")
    assert "owns the tables" in said


@pytest.mark.parametrize("process", sorted(SEEN_WITHIN))
def test_a_process_that_was_not_seen_in_its_time_is_not_ready(app: Flask, database: Connection, process: str) -> None:
    with app.app_context():
        for one in SEEN_WITHIN:
            beat(one, "here:1:1")
        assert app.test_client().get("/readyz").status_code == 200
        with open_transaction() as connection:
            seen = tables.heartbeat
            late = real_now() - SEEN_WITHIN[process] - timedelta(seconds=1)
            connection.execute(update(seen).where(seen.c.process == process).values(beat_at=late))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert {name for name, said in answer.json["checks"].items() if said != "ok"} == {process}
