"""Batches: each item is carried out by itself, so that one that is refused holds up no other."""

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields

from recovery_api.api.auth import Call
from recovery_api.api.check_in_facts import CheckInReadSchema, CheckInSchema
from recovery_api.api.documentation import FieldErrorSchema
from recovery_api.api.fields import one_of
from recovery_api.api.problems import field_errors, status_of
from recovery_api.api.refusals import FieldError
from recovery_api.api.schemas import Answer
from recovery_api.domain.errors import RecoveryError
from recovery_api.services.report_check_in import Reported

_ITEM = CheckInSchema()


class OutcomeSchema(Answer):
    """What became of one item."""

    client_id = fields.String(required=True, allow_none=True, metadata={"description": "As it was sent"})
    outcome = fields.String(required=True, validate=one_of("created", "known", "refused"))
    status = fields.Integer(required=True, metadata={"description": "The status it would have had by itself"})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "The problem's code"})
    errors = fields.List(fields.Nested(FieldErrorSchema()), required=True)
    check_in = fields.Nested(CheckInReadSchema(), required=True, allow_none=True)


def outcome_of(call: Call, item: Any, carry_out: Callable[[Call, dict[str, Any]], Reported]) -> dict[str, Any]:
    """Carry out one item behind a savepoint, and say what became of it."""
    call.scope.flush()  # what earlier items left to be written must not be undone with this one
    try:
        given = _ITEM.load(item)
        with call.scope.connection.begin_nested():
            reported = carry_out(call, given)
    except ValidationError as error:
        return _refused(item, 422, "invalid", list(field_errors(error.messages)))
    except RecoveryError as error:
        if status_of(error) == 500:
            raise
        return _refused(item, status_of(error), error.code, [FieldError(error.field or "", error.code, error.message)])
    status, outcome = (201, "created") if reported.is_new else (200, "known")
    return _outcome(item, status, outcome) | {"check_in": reported.check_in}


def _refused(item: Any, status: int, reason: str, errors: list[FieldError]) -> dict[str, Any]:
    return _outcome(item, status, "refused") | {"reason": reason, "errors": errors}


def _outcome(item: Any, status: int, outcome: str) -> dict[str, Any]:
    client_id = item.get("client_id") if isinstance(item, dict) else None
    return {
        "client_id": client_id if isinstance(client_id, str) else None,
        "outcome": outcome,
        "status": status,
        "reason": None,
        "errors": [],
        "check_in": None,
    }
