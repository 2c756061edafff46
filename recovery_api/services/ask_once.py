"""Ask several questions of the database in one statement, so that a page costs as few as it can."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, Subquery, literal_column, select
from sqlalchemy.types import ARRAY, Date, DateTime, LargeBinary, Time, TypeEngine, Uuid

from recovery_api.db import ClinicScope

# How a value of each kind reads in JSON; every other kind is the same there. The clinic's wall holds for each part.
_READ: tuple[tuple[type[TypeEngine[Any]], Callable[[Any], Any]], ...] = (
    (Uuid, UUID),
    (DateTime, datetime.fromisoformat),
    (Date, date.fromisoformat),
    (Time, time.fromisoformat),
    (LargeBinary, lambda value: bytes.fromhex(value[2:])),
)


def ask_once(scope: ClinicScope, **asked: Select[Any]) -> dict[str, list[Any]]:
    """The rows of every question by its name, in their order and with the attributes that its columns have.

    One statement goes to the database, and one snapshot answers it. What waits for the commit is sent first.
    """
    scope.flush()
    row = scope.connection.execute(
        select(*(_told_by(question.subquery(name), name).label(name) for name, question in asked.items()))
    ).one()
    return {name: _rows(question, getattr(row, name)) for name, question in asked.items()}


def _told_by(table: Subquery, name: str) -> ScalarSelect[Any]:
    """All rows of one question as one value; naming the row and not its columns spares copying each of them here."""
    return select(literal_column(f"coalesce(json_agg({name}.*), '[]')")).select_from(table).scalar_subquery()


def _rows(question: Select[Any], values: Sequence[dict[str, Any]]) -> list[Any]:
    if not values:
        return []
    readers = {name: _reader(column.type) for name, column in question.selected_columns.items()}
    wanted = [(name, read) for name, read in readers.items() if read is not None]
    for row in values:
        for name, read in wanted:
            if row[name] is not None:
                row[name] = read(row[name])
    return [SimpleNamespace(**row) for row in values]


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, ARRAY):
        inner = _reader(kind.item_type)
        return None if inner is None else lambda values: [inner(value) for value in values]
    return next((read for known, read in _READ if isinstance(kind, known)), None)
