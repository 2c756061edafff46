"""Migrations make the schema: up, down to nothing, up again, and then equal to the models."""

from collections.abc import Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from psycopg import sql
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import db, metadata
from recovery_api.services.check_readiness import migration_head
from tests.database import PROJECT

MIGRATIONS = str(PROJECT / "migrations")


def elsewhere(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def empty(settings: Settings) -> Iterator[Settings]:
    """Settings of a database that no migration has seen."""
    name = f"{make_url(settings.database_url).database}_migrations"
    with psycopg.connect(settings.database_admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        own = {"database_url": elsewhere(settings.database_url, name),
               "database_admin_url": elsewhere(settings.database_admin_url, name)}  # fmt: skip
        yield Settings(**{**vars(settings), **own})
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def tables_of(settings: Settings) -> set[str]:
    engine = create_engine(settings.database_admin_url)
    with engine.connect() as connection:
        found = set(inspect(connection).get_table_names())
    engine.dispose()
    return found


def policies(settings: Settings) -> int:
    with psycopg.connect(settings.database_admin_url) as admin:
        row = admin.execute("SELECT count(*) FROM pg_policies WHERE schemaname = 'public'").fetchone()
    assert row is not None
    return int(row[0])


def differences(settings: Settings) -> list[object]:
    engine = create_engine(settings.database_admin_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found = list(compare_metadata(context, metadata))
    engine.dispose()
    return found


def test_migrations_run_up_down_to_nothing_and_up_again(empty: Settings) -> None:
    app: Flask = create_app(empty)
    with app.app_context():
        upgrade(directory=MIGRATIONS)
        standing, walls = tables_of(empty), policies(empty)
        downgrade(directory=MIGRATIONS, revision="base")
        assert tables_of(empty) == {"alembic_version"}
        assert policies(empty) == 0
        upgrade(directory=MIGRATIONS)
        db.engine.dispose()
    assert tables_of(empty) == standing == {*metadata.tables, "alembic_version"}
    assert policies(empty) == walls > 0
    with psycopg.connect(empty.database_admin_url) as admin:
        assert admin.execute("SELECT version_num FROM alembic_version").fetchall() == [(migration_head(),)]
    assert differences(empty) == []
