"""Migrations make the schema: up, down to nothing, up again, and then equal to the models."""

from collections.abc import Iterator
from typing import Any

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
from recovery_api.cli.play import know_migrations
from recovery_api.config import Settings
from recovery_api.db import db, metadata
from recovery_api.services.check_readiness import migration_head


def movable(settings: Settings) -> Flask:
    app = create_app(settings)
    know_migrations(app)
    return app


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
    app = movable(empty)
    with app.app_context():
        upgrade()
        standing, walls = tables_of(empty), policies(empty)
        downgrade(revision="base")
        assert tables_of(empty) == {"alembic_version"}
        assert policies(empty) == 0
        upgrade()
        db.engine.dispose()
    assert tables_of(empty) == standing == {*metadata.tables, "alembic_version"}
    assert policies(empty) == walls > 0
    with psycopg.connect(empty.database_admin_url) as admin:
        assert admin.execute("SELECT version_num FROM alembic_version").fetchall() == [(migration_head(),)]
    assert differences(empty) == []


@pytest.fixture
def plain_owner(settings: Settings) -> Iterator[tuple[Settings, Settings]]:
    """The same empty database twice: for its owner, whom the walls bind like anybody, and for the superuser."""
    database = f"{make_url(settings.database_url).database}_owned"
    owner, password = f"owner_of_{database}", "a-password-of-tests-alone"
    name, role = sql.Identifier(database), sql.Identifier(owner)
    with psycopg.connect(settings.database_admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(role, password))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))
        above = elsewhere(settings.database_admin_url, database)
        address = elsewhere(settings.database_url, database)
        own = make_url(address).set(username=owner, password=password).render_as_string(hide_password=False)
        nameless = make_url(address).set(password="").render_as_string(hide_password=False)
        yield (Settings(**{**vars(settings), "database_url": nameless, "database_admin_url": own}),
               Settings(**{**vars(settings), "database_url": address, "database_admin_url": above}))  # fmt: skip
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("DROP ROLE {}").format(role))


FILLING = {"uuid": "11111111-1111-4111-8111-111111111111", "timestamptz": "2026-03-02T15:00:00Z", "date": "2026-03-02",
           "text": "x", "bytea": "x", "bool": False, "int2": 0, "int4": 0, "jsonb": "{}"}  # fmt: skip
ROWS_LEFT = {("contact_point", "state"): "opted_out", ("message", "disposition"): "for_a_person",
             ("flag_event", "kind"): "noted", ("reminder", "kind"): "activity"}  # fmt: skip
# Of every migration that takes steps of its own before its transaction; an index is not what its name says.
LEFT_BY_A_BROKEN_RUN = """
CREATE INDEX uq_message_sid ON message (id);
ALTER TABLE consent ADD COLUMN whose text;
ALTER TABLE contact_point ADD CONSTRAINT ck_contact_point_state_longer CHECK (state <> '') NOT VALID;
CREATE INDEX ix_message_without_end ON message (id);
ALTER TABLE contact_point ADD COLUMN channel text DEFAULT 'sms' NOT NULL;
ALTER TABLE flag ADD COLUMN waiting_since timestamptz;
CREATE INDEX ix_flag_waiting ON flag (id);
ALTER TABLE reminder ADD CONSTRAINT ck_reminder_kind_longer CHECK (kind <> '') NOT VALID;
ALTER TABLE message ADD COLUMN end_given_up_at timestamptz;
ALTER TABLE flag ADD CONSTRAINT ck_flag_family_other CHECK (family <> '') NOT VALID;
"""


def fill(admin: psycopg.Connection[Any], table: str, **words: object) -> None:
    """A row of this table with these words, and something in every other column that must not be empty."""
    columns = admin.execute(
        "SELECT column_name, udt_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND is_nullable = 'NO' AND column_default IS NULL",
        [table],
    ).fetchall()
    row = {name: FILLING[kind] for name, kind in columns} | words
    admin.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Literal, row.values())),
        )
    )


def test_a_plain_owner_moves_down_past_newer_words_and_up_after_a_broken_run(
    plain_owner: tuple[Settings, Settings],
) -> None:
    own, above = plain_owner
    app = movable(own)
    with app.app_context(), psycopg.connect(above.database_admin_url, autocommit=True) as admin:
        upgrade()
        admin.execute("SET session_replication_role = replica")  # no patient, no episode: the words alone matter
        fill(admin, "contact_point", state="invited", whose="patient")
        fill(admin, "message", direction="in", state="received", disposition="page_answered")
        fill(admin, "flag", family="red_flag", status="open", tier="today", phone_digest="x")
        one = {"episode_id": FILLING["uuid"], "status": "open", "tier": "today"}
        for place, family in enumerate(("visits", "visit_news", "forms", "operations"), 5):
            fill(admin, "flag", id=FILLING["uuid"].replace("4", str(place)), family=family, **one)
        fill(admin, "flag_event", kind="rung_moved")
        fill(admin, "reminder", kind="nudge", state="planned", slot="noon")
        admin.execute("UPDATE contact_point SET question = 'thinner'")
        admin.execute("UPDATE message SET question = 'thinner'")
        fill(admin, "due_work", kind="reminder")
        fill(admin, "due_work", kind="page")
        downgrade(revision="0026")
        merged = [("operations", "open"), ("operations", "resolved"), ("visits", "open"), ("visits", "resolved")]
        families = "SELECT family, status FROM flag WHERE episode_id IS NOT NULL ORDER BY family, status"
        assert admin.execute(families).fetchall() == merged
        admin.execute("DELETE FROM flag WHERE episode_id IS NOT NULL")
        downgrade(revision="0002")
        for (table, column), word in ROWS_LEFT.items():
            touch = sql.SQL("UPDATE {0} SET {1} = {1} RETURNING {1}")
            rows = admin.execute(touch.format(sql.Identifier(table), sql.Identifier(column))).fetchall()
            assert (table, rows) == (table, [(word,)])
        assert admin.execute("SELECT state, slot FROM reminder").fetchall() == [("skipped", "nudge noon")]
        assert admin.execute("SELECT detail FROM flag_event").fetchall() == [({"was": "rung_moved"},)]
        assert admin.execute("SELECT count(*) FROM due_work").fetchone() == (0,)
        for table in ("contact_point", "message"):
            asked = sql.SQL("SELECT question FROM {}").format(sql.Identifier(table))
            assert admin.execute(asked).fetchall() == [(None,)]
        admin.execute(LEFT_BY_A_BROKEN_RUN)
        upgrade()
        assert admin.execute("SELECT waiting_since = opened_at FROM flag").fetchall() == [(True,)]
        unwalled = "SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity"
        assert admin.execute(unwalled).fetchall() == []
        assert admin.execute("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid").fetchall() == []
        assert admin.execute("SELECT conname FROM pg_constraint WHERE NOT convalidated").fetchall() == []
        db.engine.dispose()
    assert differences(above) == []
