"""`demo` on a database of the user's own: it looks before it touches, and refuses what is somebody's in one line."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from recovery_api.app import create_app
from recovery_api.cli.demo import _prepare
from recovery_api.cli.processes import NotReady
from recovery_api.config import Settings
from recovery_api.db import Vaults
from recovery_api.ids import new_id
from recovery_api.simulator.seed_demo import CLINIC
from recovery_api.vault import DataKey


@pytest.fixture
def given(settings: Settings) -> Iterator[Settings]:
    """Settings of an empty database of the user's own."""
    name = f"{make_url(settings.database_url).database}_given"
    url = make_url(settings.database_admin_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(settings.database_admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield replace(settings, database_url=url, database_admin_url=url)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def fill(settings: Settings, number: str, wrapped: bytes, clinic_id: UUID) -> None:
    """One clinic, as the first migration would have it."""
    with psycopg.connect(settings.database_url) as owner:
        owner.execute("CREATE TABLE alembic_version (version_num text)")
        owner.execute("INSERT INTO alembic_version VALUES ('0001')")
        owner.execute("CREATE TABLE clinic (id uuid, wrapped_key bytea)")
        owner.execute("CREATE TABLE sender_number (clinic_id uuid, number text)")
        owner.execute("INSERT INTO clinic VALUES (%s, %s)", (clinic_id, wrapped))
        owner.execute("INSERT INTO sender_number VALUES (%s, %s)", (clinic_id, number))


def inside(settings: Settings) -> set[tuple[str, ...]]:
    with psycopg.connect(settings.database_url) as owner:
        rows = owner.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
        return set(rows.fetchall())


def refusal(settings: Settings) -> str:
    before = inside(settings)
    with pytest.raises(NotReady) as refused:
        _prepare(settings, own_server=False, no_seed=True)
    assert inside(settings) == before, "nothing was migrated"
    return str(refused.value)


def wrapped_by(settings: Settings, clinic_id: UUID) -> bytes:
    vaults: Vaults = create_app(settings).extensions["recovery"].vaults
    return vaults.data_key.new_clinic_key(clinic_id)


def test_a_strangers_clinic_is_refused_before_anything_is_changed(given: Settings) -> None:
    clinic_id = new_id()
    fill(given, "+12125550142", wrapped_by(given, clinic_id), clinic_id)
    assert refusal(given) == "the database in DATABASE_URL holds a clinic that is not the demo's"


def test_a_clinic_of_another_data_key_is_refused_before_anything_is_changed(given: Settings) -> None:
    clinic_id = new_id()
    fill(given, CLINIC.number, DataKey(secrets.token_bytes(32)).new_clinic_key(clinic_id), clinic_id)
    assert "another data key" in refusal(given)


def test_the_tables_of_another_program_are_refused_before_anything_is_changed(given: Settings) -> None:
    with psycopg.connect(given.database_url) as owner:
        owner.execute("CREATE TABLE orders (id uuid)")
    assert "tables of another program" in refusal(given)


def test_a_database_that_nobody_can_open_is_refused_in_one_line(given: Settings) -> None:
    away = replace(given, database_url="postgresql://a:b@127.0.0.1:1/x", database_admin_url="")
    with pytest.raises(NotReady, match="cannot be looked at"):
        _prepare(away, own_server=False, no_seed=True)
