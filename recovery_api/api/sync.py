"""Sync: everything that an app keeps of its patient, as changes since a cursor."""

from typing import Any

from marshmallow import Schema, fields, validate

from recovery_api.api.activity_days import DaySchema
from recovery_api.api.appointments import AppointmentSchema
from recovery_api.api.auth import Call
from recovery_api.api.check_in_facts import CheckInReadSchema
from recovery_api.api.fields import QueryInt, one_of
from recovery_api.api.me import MeSchema, PlanItemSchema
from recovery_api.api.messages import OwnMessageSchema
from recovery_api.api.questionnaires import QuestionnaireSchema
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer
from recovery_api.services.sync_app import sync_app
from recovery_api.services.sync_state import KINDS

resource = Resource("Sync", "What an app keeps")
SCHEMAS: dict[str, Schema] = {
    "me": MeSchema(),
    "check_in": CheckInReadSchema(),
    "activity_day": DaySchema(),
    "questionnaire": QuestionnaireSchema(),
    "plan_item": PlanItemSchema(),
    "appointment": AppointmentSchema(),
    "message": OwnMessageSchema(),
}
_NAMES = [type(schema).__name__.removesuffix("Schema") for schema in SCHEMAS.values()]


class SyncQuery(Schema):
    """Since when, and how much at once."""

    since = fields.String(
        validate=validate.Length(max=100),
        metadata={"description": "`next` of the answer before, not a time; from the beginning if blank"},
    )
    limit = QueryInt(load_default=200, validate=validate.Range(1, 500))


class ChangeSchema(Answer):
    """One item as it is now, or word that it is gone."""

    type = fields.String(required=True, validate=one_of(*KINDS))
    id = fields.UUID(required=True)
    deleted = fields.Boolean(required=True)
    data = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "As the operation that reads this type gives it; null where it is gone",
            "anyOf": [{"type": "null"}, *({"$ref": f"#/components/schemas/{name}"} for name in _NAMES)],
        },
    )


class SyncSchema(Answer):
    """What changed since the cursor."""

    changes = fields.List(fields.Nested(ChangeSchema()), required=True)
    next = fields.String(required=True, metadata={"description": "Opaque; the next `since`"})
    more = fields.Boolean(required=True, metadata={"description": "Whether more is waiting: ask again at once"})
    full = fields.Boolean(
        required=True,
        metadata={"description": "The cursor was too old to compare with: drop what you hold, this begins anew"},
    )


@resource.operation("GET", "/me/sync", "syncMe")
@resource.arguments(SyncQuery(), location="query")
@resource.response(200, SyncSchema())
def sync(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Sync an app

    Changes since the cursor, deletions included, each item once in its latest state; from the beginning without a
    cursor. Cursors belong to the patient, not to a device, and may be used again.
    """
    found = sync_app(call.scope, call.caller.id, query.get("since") or None, query["limit"], call.now)
    changes = [
        {
            "type": one.type,
            "id": one.id,
            "deleted": one.deleted,
            "data": None if one.deleted else SCHEMAS[one.type].dump(one.data),
        }
        for one in found.changes
    ]
    return {"changes": changes, "next": found.next, "more": found.more, "full": found.full}
