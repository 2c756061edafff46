"""Statements compiled once, for the roads that are travelled hundreds of times a second."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class Prepared:
    """One statement of SQLAlchemy's, run by the driver itself; its rows have attributes as SQLAlchemy's have.

    Its parameters and results are plain: UUIDs, texts, numbers, times, bytes and lists of texts.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=columns)
        self._text = str(compiled).encode()
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it in the connection's open transaction. Raises what psycopg raises."""
        driver = connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the connection is closed")
        with driver.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(self._text, {**self._constants, **values}, prepare=True)
            found: list[Any] = cursor.fetchall()
            return found

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, or None."""
        return next(iter(self.rows(connection, values)), None)
