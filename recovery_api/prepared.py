"""Statements compiled once, for the roads that are travelled hundreds of times a second."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class Asked:
    """A question that is on its way to the database; its rows have attributes as SQLAlchemy's have."""

    def __init__(self, cursor: "psycopg.Cursor[Any]") -> None:
        self._cursor = cursor

    def rows(self) -> list[Any]:
        """Every row of the answer. Raises what psycopg raises."""
        with self._cursor:
            return self._cursor.fetchall()

    def first(self) -> Any:
        """The first row, or None."""
        return next(iter(self.rows()), None)


class Prepared:
    """One statement of SQLAlchemy's, run by the driver itself in the connection's open transaction.

    Its parameters and results are plain: UUIDs, texts, numbers, times, bytes and lists of texts.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=columns)
        self._text = str(compiled).encode()
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}

    def ask(self, connection: Connection, values: Mapping[str, Any]) -> Asked:
        """Send it; inside `together` its answer is there once that has ended. Raises what psycopg raises."""
        cursor = driver_of(connection).cursor(row_factory=namedtuple_row)
        cursor.execute(self._text, {**self._constants, **values}, prepare=True)
        return Asked(cursor)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Run it for what it changes. Raises what psycopg raises."""
        with driver_of(connection).cursor() as cursor:
            cursor.execute(self._text, {**self._constants, **values}, prepare=True)

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it and wait for every row. Raises what psycopg raises."""
        return self.ask(connection, values).rows()

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, or None."""
        return self.ask(connection, values).first()


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """What is asked in here goes to the database in one round trip, in its order."""
    with driver_of(connection).pipeline():
        yield


def driver_of(connection: Connection) -> "psycopg.Connection[Any]":
    """The driver's own connection. Raises RuntimeError where it is closed."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    return driver  # type: ignore[no-any-return]
