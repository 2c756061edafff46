"""Activity days: what a phone counted, one overwritable sum a day."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.batches import ItemOutcomeSchema, Outcome, named, outcome_of
from recovery_api.api.fields import Day, Instant, StrictInt, Unread, one_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.domain.activity_days import MOST_STEPS, DaySum
from recovery_api.domain.errors import Invalid
from recovery_api.models.phones import COVERAGES
from recovery_api.services.keep_activity_days import DayRead, keep_day

resource = Resource("Activity days", "What a phone counted")
MOST_IN_A_BATCH = 31
OUTCOMES = ("created", "replaced", "known", "older", "refused")
EXAMPLE = {
    "steps": 2140,
    "minutes_walked": 31,
    "source": "healthkit",
    "coverage": "full",
    "computed_at": "2026-11-21T23:59:00-05:00",
}
_DAY = Day()


class DaySumSchema(Body):
    """The sum of one calendar day; null or left out is not measured, which is not zero."""

    steps = StrictInt(allow_none=True, validate=validate.Range(0, MOST_STEPS))
    minutes_walked = StrictInt(allow_none=True, validate=validate.Range(0, 1440))
    source = fields.String(
        required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z"), metadata={"example": "health_connect"}
    )
    coverage = fields.String(
        required=True,
        validate=one_of(*COVERAGES),
        metadata={"description": "`partial` where the day is not over, or was not counted throughout"},
    )
    computed_at = Instant(required=True, metadata={"description": "The sum computed last stands"})


class DatedSumSchema(DaySumSchema):
    """The sum of one calendar day, with the day."""

    date = Day(required=True)


class DaySchema(Answer):
    """The sum of a day as it stands."""

    id = fields.UUID(required=True)
    date = fields.Date(required=True)
    steps = fields.Integer(required=True, allow_none=True)
    minutes_walked = fields.Integer(required=True, allow_none=True)
    source = fields.String(required=True)
    coverage = fields.String(required=True, validate=one_of(*COVERAGES))
    computed_at = Instant(required=True)
    received_at = Instant(required=True)


class DayBatchSchema(Body):
    """Sums of several days."""

    items = fields.List(Unread(DatedSumSchema()), required=True, validate=validate.Length(1, MOST_IN_A_BATCH))


class DayOutcomeSchema(ItemOutcomeSchema):
    """What became of one day."""

    date = fields.String(required=True, allow_none=True, metadata={"description": "As it was sent"})
    outcome = fields.String(required=True, validate=one_of(*OUTCOMES))
    day = fields.Nested(DaySchema(), required=True, allow_none=True, metadata={"description": "The sum that stands"})


class DayBatchAnswerSchema(Answer):
    """What became of each, in the order in which they were sent."""

    items = fields.List(fields.Nested(DayOutcomeSchema()), required=True)


@resource.operation("PUT", "/me/activity-days/<string:date>", "putActivityDay")
@resource.arguments(DaySumSchema(), example=EXAMPLE)
@resource.response(200, DaySchema())
def put(call: Call, given: dict[str, Any], date: str) -> DayRead:
    """Store the sum of a day

    Over the one before, unless that was computed later: the answer is the sum that stands.
    """
    try:
        on_day = _DAY.deserialize(date)
    except ValidationError as error:
        raise Invalid(str(error.messages[0]), field="date") from None
    return keep_day(call.scope, call.caller.id, _sum(given | {"date": on_day}), call.actor, call.now).day


@resource.operation("POST", "/me/activity-days:batch", "putActivityDays")
@resource.arguments(DayBatchSchema(), example={"items": [{"date": "2026-11-21"} | EXAMPLE]})
@resource.response(200, DayBatchAnswerSchema())
def put_batch(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """Store the sums of up to 31 days

    Each day is taken or refused by itself; `older` where a sum that was computed later stands.
    """
    return {"items": [_outcome(call, item) for item in given["items"]]}


def _outcome(call: Call, item: Any) -> dict[str, Any]:
    found = outcome_of(call, item, DatedSumSchema(), lambda given: _keep(call, given))
    return {
        "date": named(item, "date"),
        "outcome": found.outcome,
        "status": found.status,
        "reason": found.reason,
        "errors": found.errors,
        "day": found.made,
    }


def _keep(call: Call, given: dict[str, Any]) -> Outcome:
    kept = keep_day(call.scope, call.caller.id, _sum(given), call.actor, call.now)
    return Outcome(200, kept.outcome, kept.day)


def _sum(given: dict[str, Any]) -> DaySum:
    return DaySum(
        on_day=given["date"],
        steps=given.get("steps"),
        minutes_walked=given.get("minutes_walked"),
        source=given["source"],
        coverage=given["coverage"],
        computed_at=given["computed_at"],
    )
