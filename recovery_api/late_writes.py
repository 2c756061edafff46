"""Rows that nobody reads again before the commit: kept until then, and sent to the database in one round trip."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from psycopg import Connection, RawCursor, sql
from psycopg.types.json import Jsonb
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import ScalarElementColumnDefault

MOST_IN_A_STATEMENT = 8
_Shape = tuple[Table, tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Write:
    """One row to insert, or, where it has a key, to change."""

    table: Table
    key: Mapping[str, Any]
    values: dict[str, Any]

    @property
    def shape(self) -> _Shape:
        """What tells its statement from others: the table and the columns."""
        return self.table, tuple(self.key), tuple(self.values)


class LateWrites:
    """The writes of one transaction that can wait."""

    def __init__(self) -> None:
        self._waiting: list[_Write] = []

    def add(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of one table."""
        self._waiting += [_Write(table, {}, {**_defaults(table), **row}) for row in rows]

    def change(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Change one row, named by its key; what waits for that row already takes the new values itself."""
        for write in self._waiting:
            held = write.key or write.values
            if write.table is table and all(held.get(name) == key[name] for name in key):
                write.values.update(values)
                return
        self._waiting.append(_Write(table, dict(key), dict(values)))

    def drop(self) -> None:
        """Forget what waits: it belongs to work that is undone."""
        self._waiting = []

    def flush(self, connection: "Connection[Any]", *, commit: bool = False) -> None:
        """Send everything in one go, the commit with it where asked for.

        Raises what psycopg raises; the transaction is then broken, and nothing of it was committed.
        """
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        with connection.pipeline(), RawCursor(connection) as cursor:
            for few in _batches(waiting):
                cursor.execute(_statement(tuple(write.shape for write in few)), _parameters(few), prepare=True)
            if commit:
                cursor.execute(b"COMMIT")


def _batches(writes: list[_Write]) -> Iterator[list[_Write]]:
    """A few writes share one statement, whose parts the database checks together at its end; many go one by one."""
    for write in writes:
        if not write.key:
            for name in [name for name, value in write.values.items() if value is None]:
                del write.values[name]  # not given is null as well, and one shape more is one plan more
    if len(writes) <= MOST_IN_A_STATEMENT:
        yield writes
    else:
        yield from ([write] for write in writes)


def _parameters(writes: Sequence[_Write]) -> list[Any]:
    found: list[Any] = []
    for write in writes:
        json_columns = _json_columns(write.table)
        for name, value in write.values.items():
            found.append(Jsonb(value) if name in json_columns and value is not None else value)
        found += write.key.values()
    return found


@lru_cache(maxsize=512)
def _statement(shapes: tuple[_Shape, ...]) -> bytes:
    """The writes as one statement: the last, with the others before it as named parts."""
    parts, used = [], 0
    for table, key, names in shapes:
        parts.append(_update(table, key, names, used) if key else _insert(table, names, used))
        used += len(key) + len(names)
    named = [sql.SQL("w{} AS ({})").format(sql.SQL(str(place)), part) for place, part in enumerate(parts[:-1])]
    before = sql.SQL("WITH {} ").format(sql.SQL(", ").join(named)) if named else sql.SQL("")
    return (before + parts[-1]).as_bytes(None)


def _insert(table: Table, names: Sequence[str], used: int) -> sql.Composed:
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.SQL(f"${used + place}") for place in range(1, len(names) + 1)),
    )


def _update(table: Table, key: Sequence[str], names: Sequence[str], used: int) -> sql.Composed:
    pairs = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.SQL(f"${used + place}"))
        for place, name in enumerate((*names, *key), start=1)
    ]
    return sql.SQL("UPDATE {} SET {} WHERE {}").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(pairs[: len(names)]),
        sql.SQL(" AND ").join(pairs[len(names) :]),
    )


@cache
def _defaults(table: Table) -> Mapping[str, Any]:
    """What the model says of the columns that a row does not name."""
    return {c.name: c.default.arg for c in table.columns if isinstance(c.default, ScalarElementColumnDefault)}


@cache
def _json_columns(table: Table) -> frozenset[str]:
    return frozenset(column.name for column in table.columns if isinstance(column.type, JSONB))
