"""Read whole tables of a clinic, row by row and in clear, for what leaves it."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row, Select, Table

from recovery_api.db import ClinicScope
from recovery_api.domain.wording import without_link

SEALED = "_sealed"
NEVER = {("device", "push_token_sealed")}  # it opens a way to the phone
_AT_ONCE = 500


def rows_of(scope: ClinicScope, statement: Select[Any], *tables: Table) -> Iterator[dict[str, Any]]:
    """The rows of a statement as they come, a batch at a time; sealed columns of `tables` are opened."""
    sealed = {column.name: table.name for table in tables for column in table.c if column.name.endswith(SEALED)}
    found = scope.connection.execute(statement.execution_options(yield_per=_AT_ONCE))
    for row in found:
        yield _opened(scope, row, sealed)


def _opened(scope: ClinicScope, row: Row[Any], sealed: Mapping[str, str]) -> dict[str, Any]:
    """Columns keep their names, sealed ones without the mark; digests and secrets are left out."""
    plain: dict[str, Any] = {}
    for name, value in row._mapping.items():
        table = sealed.get(name)
        if table is None:
            if not _is_digest(value):
                plain[name] = value
        elif (table, name) not in NEVER:
            column = name.removesuffix(SEALED)
            opened = scope.open(f"{table}.{column}", row.id, value)
            plain[column] = without_link(opened) if (table, column) == ("message", "body") and opened else opened
    return plain


def _is_digest(value: object) -> bool:
    """Whether it is a digest, or many."""
    return any(isinstance(one, bytes | memoryview) for one in (value if isinstance(value, list) else [value]))
