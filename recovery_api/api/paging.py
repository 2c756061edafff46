"""Pages of a list: a cursor that says where the next page starts, and nothing else."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from marshmallow import Schema, fields, validate

from recovery_api.api.fields import QueryInt
from recovery_api.api.schemas import Answer
from recovery_api.domain.errors import Invalid

DEFAULT_LIMIT, MOST = 50, 200
_Row = TypeVar("_Row")


class PageQuery(Schema):
    """The query of every list."""

    cursor = fields.String(
        validate=validate.Length(max=500),
        metadata={"description": "`next` of the page before; the first page if blank"},
    )
    limit = QueryInt(load_default=DEFAULT_LIMIT, validate=validate.Range(1, MOST))


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of a list, and the cursor of the next page where there is one."""

    items: Sequence[Any]
    next: str | None


def page_of(item: Schema) -> type[Schema]:
    """The schema of a page of `item`s."""
    name = type(item).__name__.removesuffix("Schema")
    return Answer.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(required=True, allow_none=True, metadata={"description": "Null on the last page"}),
        },
        name=f"{name}PageSchema",
    )


def cut(rows: Sequence[_Row], limit: int, place: Callable[[_Row], Sequence[Any]]) -> Page:
    """The first `limit` of the rows; `place` says where a row stands, for the cursor of what follows it."""
    return Page(rows[:limit], _cursor(place(rows[limit - 1])) if len(rows) > limit else None)


def _cursor(place: Sequence[Any]) -> str:
    parts = json.dumps(list(place), separators=(",", ":"), default=_written)
    return base64.urlsafe_b64encode(parts.encode()).decode().rstrip("=")


def _written(part: Any) -> str:
    return part.isoformat() if isinstance(part, datetime) else str(part)


def after(cursor: str | None, *kinds: type[Any]) -> tuple[Any, ...] | None:
    """Where the page before ended, as values of `kinds` (int, datetime or UUID). Raises Invalid."""
    if not cursor:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError
        return tuple(_read(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise Invalid("is not a cursor of this list", field="cursor") from None


def _read(part: Any, kind: type[Any]) -> Any:
    if kind is datetime:
        instant = datetime.fromisoformat(part)
        if instant.tzinfo is None:
            raise ValueError
        return instant
    if kind is int:
        if type(part) is not int or abs(part) > 1_000_000:
            raise ValueError
        return part
    return UUID(part)
