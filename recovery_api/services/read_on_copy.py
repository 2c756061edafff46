"""Read on the copy of the database that DATABASE_READ_URL names, so that a long report costs the others nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from recovery_api.db import READING_COPY, ClinicScope, db
from recovery_api.late_writes import LateWrites
from recovery_api.logs import warn

_READ_ONLY = text("SET TRANSACTION READ ONLY")
_ENTER = text("SELECT set_config('app.clinic', :clinic, true)")


@contextmanager
def on_reading_copy(scope: ClinicScope) -> Iterator[ClinicScope]:
    """The same clinic on the copy, where there is one that answers; else `scope` itself.

    What is read there may lie a moment back, and what was written in `scope` is not seen. Nothing can be written.
    """
    engine = db.engines.get(READING_COPY)
    connection = _reached(engine) if engine is not None else None
    if connection is None:
        yield scope
        return
    with connection, connection.begin():
        connection.execute(_READ_ONLY)
        connection.execute(_ENTER, {"clinic": str(scope.clinic_id)})
        yield replace(scope, connection=connection, late=LateWrites())


def _reached(engine: Engine) -> Connection | None:
    try:
        return engine.connect()
    except (OperationalError, PoolTimeout) as away:
        warn("database.copy_away", error=type(away).__name__)
        return None
