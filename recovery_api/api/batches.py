"""Batches: each item is carried out by itself, so that one that is refused holds up no other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields

from recovery_api.api.auth import Call
from recovery_api.api.documentation import FieldErrorSchema
from recovery_api.api.problems import field_errors, status_of
from recovery_api.api.refusals import FieldError
from recovery_api.api.schemas import Answer
from recovery_api.domain.errors import RecoveryError


class ItemOutcomeSchema(Answer):
    """What became of one item, whatever it was about."""

    status = fields.Integer(required=True, metadata={"description": "The status it would have had by itself"})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "The problem's code"})
    errors = fields.List(fields.Nested(FieldErrorSchema()), required=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: the status and word of a success with what it made, or why it was refused."""

    status: int
    outcome: str
    made: Any = None
    reason: str | None = None
    errors: list[FieldError] = field(default_factory=list)


def outcome_of(call: Call, item: Any, schema: Schema, carry_out: Callable[[dict[str, Any]], Outcome]) -> Outcome:
    """Carry out one item behind a savepoint, and say what became of it."""
    try:
        given = schema.load(item)
        with call.scope.savepoint():
            return carry_out(given)
    except ValidationError as error:
        return Outcome(422, "refused", reason="invalid", errors=list(field_errors(error.messages)))
    except RecoveryError as error:
        status = status_of(error)
        if status == 500:
            raise
        found = [FieldError(error.field or "", error.code, error.message)]
        return Outcome(status, "refused", reason=error.code, errors=found)


def named(item: Any, name: str) -> str | None:
    """The text by which an item is known to its sender, as it was sent."""
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, str) else None
