"""Fixtures of every test that needs the application: a database of its own, a clock that stands still, personas."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Engine, event, text

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import db, metadata
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinic, make_clinician, make_patient
from tests.database import SharedPostgres, settings_for_tests

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings that name this worker's own migrated database."""
    base = tmp_path_factory.getbasetemp()
    shared = SharedPostgres((base.parent if WORKER else base) / "shared-postgres")
    try:
        yield shared.join(settings_for_tests(tmp_path_factory.mktemp("keys")), f"test_{WORKER or 'alone'}")
    finally:
        shared.leave()


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The application. By itself it commits for good: add `database` for a test that leaves nothing behind."""
    made = create_app(settings)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def clock(settings: Settings) -> ClockHand:
    """The product's clock, standing at `builders.NOW` until it is moved."""
    assert isinstance(settings.clock_file, Path)
    return ClockHand(settings.clock_file)


@pytest.fixture
def database(app: Flask, clock: ClockHand) -> Iterator[Connection]:
    """One transaction around the whole test, rolled back at its end; what the product commits are savepoints in it."""
    with app.app_context():
        engine: Engine = db.engine
    with engine.connect() as connection:
        outer = connection.begin()

        class BoundSession(Session):
            def get_bind(self, *_: object, **__: object) -> Connection:
                return connection

        usual = db.session
        options = {"expire_on_commit": False, "autoflush": False, "join_transaction_mode": "create_savepoint"}
        db.session = db._make_scoped_session({"class_": BoundSession, **options})
        event.listen(BoundSession, "after_begin", _leave_every_clinic)
        yield connection
        db.session = usual
        outer.rollback()


def _leave_every_clinic(session: Session, transaction: object, connection: Connection) -> None:
    """A product's transaction starts outside of every clinic; a savepoint would inherit the last one."""
    connection.execute(text("SELECT set_config('app.clinic', '', true)"))


@pytest.fixture(autouse=True)
def nothing_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test committed for good is taken away again, so that no order of tests makes a difference."""
    yield
    if "app" in request.fixturenames and "database" not in request.fixturenames:
        settings: Settings = request.getfixturevalue("settings")
        with psycopg.connect(settings.database_admin_url, autocommit=True) as owner:
            owner.execute("TRUNCATE " + ", ".join(f'"{name}"' for name in metadata.tables))


@pytest.fixture
def clinic(app: Flask, database: Connection) -> BuiltClinic:
    """Ann's and Ben's clinic."""
    return make_clinic(app)


@pytest.fixture
def other_clinic(app: Flask, database: Connection) -> BuiltClinic:
    """Cleo's clinic."""
    return make_clinic(app, name="Meadow Clinic")


@pytest.fixture
def ann(clinic: BuiltClinic) -> PatientPersona:
    """A patient with the app, on day 5."""
    return make_patient(clinic)


@pytest.fixture
def ben(clinic: BuiltClinic) -> Persona:
    """Ann's clinician, who is paged."""
    return make_clinician(clinic, phone="+12125550130")


@pytest.fixture
def cleo(other_clinic: BuiltClinic) -> Persona:
    """A clinician of another clinic."""
    return make_clinician(other_clinic)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs a database, and begin with those that start whole deployments."""
    items.sort(key=lambda item: item.get_closest_marker("processes") is None)
    for item in items:
        if "settings" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
