"""The cast of most tests, made once for as many tests in a row as ask for the same people."""

import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
from flask import Flask
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Engine, text

from recovery_api.db import db
from recovery_api.prepared import driver_of
from tests.api.examples import make_world
from tests.builders import make_clinic, make_clinician, make_patient

LONGEST = 60  # seconds that a cast stands: its tokens live for minutes of real time
CAST: dict[str, Callable[[Flask, dict[str, Any]], Any]] = {
    "clinic": lambda app, _: make_clinic(app),
    "other_clinic": lambda app, _: make_clinic(app, name="Meadow Clinic"),
    "ann": lambda _, cast: make_patient(cast["clinic"]),
    "ben": lambda _, cast: make_clinician(cast["clinic"], phone="+12125550130"),
    "cleo": lambda _, cast: make_clinician(cast["other_clinic"]),
    "world": lambda _, cast: make_world(
        cast["ann"], cast["ben"], make_patient(cast["clinic"], given_name="Odo", phone="+12125550144")
    ),
}
# Work is held by real time, which some tests make earlier than it is.
_HELD_BY_NOBODY = text("UPDATE due_work SET held_until = '2026-01-01T00:00Z'")


class Stage:
    """One open transaction in which a cast stands; each test plays in a savepoint of it, which is rolled back."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._connection: Connection | None = None
        self._since = 0.0
        self._clock = False
        self.cast: dict[str, Any] = {}

    @contextmanager
    def play(self, names: Collection[str], use: Callable[[Any], None]) -> Iterator[Connection]:
        """A test among these people of CAST; `use` is told what stands for a transaction of the product's."""
        wanted = [name for name in CAST if name in names]
        stands = self._connection is not None and not self._connection.closed
        clock = "real" in names  # what is real time, which a test may set: tokens live by it
        if not stands or (wanted, clock) != (list(self.cast), self._clock) or time.monotonic() - self._since > LONGEST:
            self.clear()
            self._clock = clock
            self._connection = self._open()
        assert self._connection is not None
        connection = self._connection
        use(lambda: _savepoint(connection))
        for name in wanted[len(self.cast) :]:
            self.cast[name] = CAST[name](self._app, self.cast)
            connection.execute(_HELD_BY_NOBODY)
        test = connection.begin_nested()
        try:
            yield connection
        finally:
            test.rollback()
            _forget()

    def _open(self) -> Connection:
        with self._app.app_context():
            engine: Engine = db.engine
        connection = engine.connect()
        connection.begin()
        connection.begin_nested()  # so that nothing of the product's is the end of the transaction
        self._since = time.monotonic()
        return connection

    def clear(self) -> None:
        """Take everybody away again."""
        self.cast.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _savepoint(connection: Connection) -> Iterator[Connection]:
    """Starts outside of every clinic, as a transaction does; a savepoint would inherit the last one.

    Past SQLAlchemy and without preparing, in one round trip at each end: a quarter of all that tests say is this.
    """
    _say(connection, b"SAVEPOINT product; SET LOCAL app.clinic = ''")
    try:
        yield connection
    except BaseException:
        with suppress(psycopg.OperationalError):  # where the connection is gone, so is the savepoint
            _say(connection, b"ROLLBACK TO SAVEPOINT product; RELEASE SAVEPOINT product")
        raise
    _say(connection, b"RELEASE SAVEPOINT product")


def _say(connection: Connection, words: bytes) -> None:
    said = driver_of(connection).pgconn.exec_(words)
    if said.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(said)


def _forget() -> None:
    """What a process keeps of a clinic's rows: those of the test are gone, and their versions come again."""
    for kept in _memories(len(sys.modules)):
        kept.clear()


@lru_cache(maxsize=1)
def _memories(_: int) -> list[dict[Any, Any]]:
    """Where our services keep rows, by how many modules are loaded."""
    ours = [module for name, module in sys.modules.copy().items() if name.startswith("recovery_api.services.")]
    return [kept for module in ours if isinstance(kept := getattr(module, "_kept", None), dict)]
