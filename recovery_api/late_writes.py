"""Rows that nobody reads again before the commit: kept until then, and sent to the database in one round trip."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import ScalarElementColumnDefault

_Write = tuple[bytes, Mapping[str, Any]]


class LateWrites:
    """The writes of one transaction that can wait, in the order in which they must reach the database."""

    def __init__(self) -> None:
        self._waiting: list[_Write] = []

    def add(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of one table, all with the same columns."""
        for row in rows:
            statement, json_columns, defaults = _insert(table, tuple(row))
            wrapped = {name: Jsonb(row[name]) for name in json_columns if row[name] is not None}
            self._waiting.append((statement, {**defaults, **row, **wrapped}))

    def change(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Change one row, named by its key."""
        self._waiting.append((_update(table, tuple(key), tuple(values)), {**key, **values}))

    def flush(self, connection: "Connection[Any]") -> None:
        """Send everything in one go. Raises what psycopg raises; the transaction is then broken."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        with connection.pipeline(), connection.cursor() as cursor:
            for statement, values in waiting:
                cursor.execute(statement, values, prepare=True)


@cache
def _insert(table: Table, given: tuple[str, ...]) -> tuple[bytes, tuple[str, ...], dict[str, Any]]:
    """The statement for these columns, which of them hold JSON, and the defaults of those not given."""
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in given and isinstance(column.default, ScalarElementColumnDefault)
    }
    names = [*given, *defaults]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(map(sql.Placeholder, names)),
    )
    json_columns = tuple(name for name in given if isinstance(table.c[name].type, JSONB))
    return statement.as_bytes(None), json_columns, defaults


@cache
def _update(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> bytes:
    """The statement that changes these columns of one row."""
    pairs = {name: sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in (*key, *names)}
    return (
        sql.SQL("UPDATE {} SET {} WHERE {}")
        .format(
            sql.Identifier(table.name),
            sql.SQL(", ").join(pairs[name] for name in names),
            sql.SQL(" AND ").join(pairs[name] for name in key),
        )
        .as_bytes(None)
    )
