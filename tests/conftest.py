"""Fixtures of every test that needs the application: a database of its own, a clock that stands still, personas."""

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Connection

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import db, metadata
from tests.api.examples import World
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona
from tests.database import SharedPostgres, settings_for_tests
from tests.deployment import NEXT_TOKEN, PROJECT, TOKEN, Deployment
from tests.nursery import read_code
from tests.stage import Stage

pytest_plugins = (
    "tests.canaries",  # no phone and no words of a patient in a log, a metric, an error or a trace
    "tests.server_cover",  # what runs on each other PostgreSQL
    "tests.workers",  # several processes
    "tests.tenths",  # ten lines in place of thousands of dots
)
OF_THE_SERVER = ("models", "services", "jobs", "tests")  # folders whose tests ask what PostgreSQL itself does


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, worker: str) -> Iterator[Settings]:
    """Settings that name this worker's own migrated database."""
    base = tmp_path_factory.getbasetemp()
    shared = SharedPostgres((base.parent if worker else base) / "shared-postgres")
    try:
        yield shared.join(settings_for_tests(tmp_path_factory.mktemp("keys")), f"test_{worker or 'alone'}")
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


@pytest.fixture(scope="session")
def stage(app: Flask) -> Iterator[Stage]:
    """Where casts stand."""
    made = Stage(app)
    yield made
    made.clear()


@pytest.fixture
def database(
    stage: Stage, clock: ClockHand, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """One savepoint around the whole test, rolled back at its end; what the product commits are savepoints in it."""
    with stage.play(request.fixturenames, partial(monkeypatch.setattr, "recovery_api.db.begin")) as connection:
        yield connection


@pytest.fixture(scope="session")
def superuser(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The superuser, past the walls and without a look at what refers to what."""
    with psycopg.connect(settings.database_admin_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.fixture(autouse=True)
def nothing_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test committed for good is taken away again, so that no order of tests makes a difference."""
    commits = "app" in request.fixturenames and "database" not in request.fixturenames
    superuser: psycopg.Connection[Any] | None = request.getfixturevalue("superuser") if commits else None
    if commits:
        request.getfixturevalue("stage").clear()  # what stands there unfinished would be waited for
    yield
    if superuser is not None:
        looks = ", ".join(f'EXISTS (SELECT FROM "{name}")' for name in metadata.tables)
        row = superuser.execute(f"SELECT {looks}").fetchone()
        for name in compress(metadata.tables, row or ()):
            superuser.execute(f'DELETE FROM "{name}"')


@pytest.fixture
def clinic(stage: Stage, database: Connection) -> BuiltClinic:
    """Ann's and Ben's clinic."""
    return cast(BuiltClinic, stage.cast["clinic"])


@pytest.fixture
def other_clinic(stage: Stage, database: Connection) -> BuiltClinic:
    """Cleo's clinic."""
    return cast(BuiltClinic, stage.cast["other_clinic"])


@pytest.fixture
def ann(stage: Stage, clinic: BuiltClinic) -> PatientPersona:
    """A patient with the app, on day 5."""
    return replace(cast(PatientPersona, stage.cast["ann"]), headers={})


@pytest.fixture
def ben(stage: Stage, clinic: BuiltClinic) -> Persona:
    """Ann's clinician, who is paged."""
    return replace(cast(Persona, stage.cast["ben"]), headers={})


@pytest.fixture
def cleo(stage: Stage, other_clinic: BuiltClinic) -> Persona:
    """A clinician of another clinic."""
    return replace(cast(Persona, stage.cast["cleo"]), headers={})


@pytest.fixture
def world(stage: Stage, ann: PatientPersona, ben: Persona) -> World:
    """Ann, Ben, another patient, and one of everything that an operation acts on."""
    return cast(World, stage.cast["world"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`: tests that sample take many samples."""
    parser.addoption("--long", action="store_true", help="take the long runs of the tests that sample")


@pytest.fixture(scope="session")
def samples(pytestconfig: pytest.Config) -> Callable[[int, int], int]:
    """How many samples a test takes: `samples(short, long)` is the first number, with `--long` the second.

    On a PostgreSQL beside the embedded one it is a quarter: what is drawn by lot is the product's, not the server's.
    """
    fewer = 4 if "RECOVERY_TEST_POSTGRES" in os.environ else 1
    return lambda short, long: long if pytestconfig.getoption("--long") else max(short // fewer, 1)


@pytest.fixture(scope="session")
def shared_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Real processes for every test that can share them, with the carrier's next token accepted beside the last."""
    running = Deployment(tmp_path_factory.mktemp("deployment"), nursery=True)
    try:
        running.prepare()
        running.env["TWILIO_AUTH_TOKEN"] = f"{NEXT_TOKEN},{TOKEN}"
        running.env["SEGMENTS_PER_SECOND"] = "20"
        running.start()
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


hypothesis_settings.register_profile("suite", deadline=None)  # a machine may be busy: `make bench` measures time
hypothesis_settings.load_profile("suite")
gc.disable()  # until all is collected: thousands of tests and the product's code, of which nothing goes


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected lives as long as the process: no walk through it, at the end least of all.

    What workers would each read for themselves is read before they begin.
    """
    if session.config.getoption("--workers"):
        read_code()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what depends on the PostgreSQL."""
    for item in items:
        if "settings" in getattr(item, "fixturenames", ()) and item.path.parent.name in OF_THE_SERVER:
            item.add_marker("server")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How well replies were read, a line for each corpus; every reading that differs from its label in a file."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    told = sorted({said for one in reports for name, said in getattr(one, "user_properties", ()) if name == "replies"})
    if told:
        page = PROJECT / "build" / "replies.txt"
        page.parent.mkdir(exist_ok=True)
        page.write_text("\n\n".join(table for _, table in told) + "\n", encoding="utf-8")
        for line, _ in told:
            terminalreporter.write_line(line)
        terminalreporter.write_line(f"Every reply that was read otherwise than labelled: {page.relative_to(PROJECT)}")
