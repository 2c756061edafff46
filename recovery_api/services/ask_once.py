"""Ask several questions of the database in one statement, so that a page costs as few as it can."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
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
    tables = {name: question.subquery(name) for name, question in asked.items()}
    row = scope.connection.execute(
        select(
            *(
                select(func.coalesce(func.json_agg(func.json_build_array(*table.c)), text("'[]'::json")))
                .select_from(table)
                .scalar_subquery()
                .label(name)
                for name, table in tables.items()
            )
        )
    ).one()
    return {name: _rows(table.c, getattr(row, name)) for name, table in tables.items()}


def _rows(columns: Any, values: Sequence[Sequence[Any]]) -> list[Any]:
    names = [column.key for column in columns]
    readers = [(place, _reader(column.type)) for place, column in enumerate(columns)]
    wanted = [(place, read) for place, read in readers if read is not None]
    rows = []
    for row in values:
        told = list(row)
        for place, read in wanted:
            if told[place] is not None:
                told[place] = read(told[place])
        rows.append(SimpleNamespace(**dict(zip(names, told, strict=True))))
    return rows


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, ARRAY):
        inner = _reader(kind.item_type)
        return None if inner is None else lambda values: [inner(value) for value in values]
    return next((read for known, read in _READ if isinstance(kind, known)), None)
