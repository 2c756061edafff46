"""Check-ins: reported by the patient's app, one by one or in a batch, corrected by versions; or taken by phone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.batches import ItemOutcomeSchema, Outcome, named, outcome_of
from recovery_api.api.check_in_facts import (
    EXAMPLE,
    CheckInReadSchema,
    CheckInSchema,
    CorrectionSchema,
    TakenCheckInSchema,
)
from recovery_api.api.fields import Instant, QueryInstant, Unread, one_of
from recovery_api.api.paging import Page, PageQuery, after, cut, page_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.patience import begin_patience
from recovery_api.services.find_recovery import find_recovery_of
from recovery_api.services.read_check_ins import CheckInRead, list_check_ins
from recovery_api.services.report_check_in import Reported, Submission, correct_check_in, report_check_in

resource = Resource("Check-ins", "What patients report")
READ = CheckInReadSchema()
_INSTANT = Instant(required=True)
MOST_IN_A_BATCH = 100
LARGEST_BATCH = 256 * 1024
LONGEST_BATCH = 20.0  # seconds that a hundred reports may ask of a busy database together


class BatchSchema(Body):
    """Reports that were made while there was no network."""

    items = fields.List(Unread(CheckInSchema()), required=True, validate=validate.Length(1, MOST_IN_A_BATCH))


class OutcomeSchema(ItemOutcomeSchema):
    """What became of one report."""

    client_id = fields.String(required=True, allow_none=True, metadata={"description": "As it was sent"})
    outcome = fields.String(required=True, validate=one_of("created", "known", "refused"))
    check_in = fields.Nested(READ, required=True, allow_none=True)


class BatchAnswerSchema(Answer):
    """What became of each, in the order in which they were sent."""

    items = fields.List(fields.Nested(OutcomeSchema()), required=True)


class SinceQuery(PageQuery):
    """The query of a history."""

    since = QueryInstant(metadata={"description": "Recorded at this time or later"})


@resource.operation("POST", "/me/check-ins", "reportCheckIn", has_own_identity=True, also=(404,))
@resource.arguments(CheckInSchema(), example=EXAMPLE)
@resource.response(201, READ)
@resource.alt_response(200, schema=READ, description="It was stored before, with the same facts", success=True)
def report(call: Call, given: dict[str, Any]) -> tuple[CheckInRead, int]:
    """Report a check-in

    The answer's `advice` says what to do now. The same client_id with the same facts gives the first answer again;
    with other facts it is refused with 409, whatever the Idempotency-Key.
    """
    return _answer(report_check_in(call.scope, call.caller.id, _sent(call, given, "app"), call.now))


@resource.operation("POST", "/me/check-ins:batch", "reportCheckIns", largest=LARGEST_BATCH)
@resource.arguments(BatchSchema())
@resource.response(200, BatchAnswerSchema())
def report_batch(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """Report up to 100 check-ins

    Each item is taken or refused by itself, with its outcome and the reason. They are judged in the order in which they
    were recorded, and answered in the order in which they were sent.
    """
    begin_patience(LONGEST_BATCH)
    items = given["items"]
    outcomes = {place: _outcome(call, items[place]) for place in sorted(range(len(items)), key=lambda n: _at(items[n]))}
    return {"items": [outcomes[place] for place in range(len(items))]}


def _at(item: Any) -> float:
    """When an item says that it was recorded, in seconds; what says nothing readable comes first, to be refused."""
    try:
        instant = _INSTANT.deserialize(item.get("recorded_at") if isinstance(item, dict) else None)
    except ValidationError:
        return 0.0
    return instant.timestamp() if instant is not None else 0.0


def _outcome(call: Call, item: Any) -> dict[str, Any]:
    found = outcome_of(call, item, CheckInSchema(), lambda given: _report_item(call, given))
    return {
        "client_id": named(item, "client_id"),
        "outcome": found.outcome,
        "status": found.status,
        "reason": found.reason,
        "errors": found.errors,
        "check_in": found.made,
    }


def _report_item(call: Call, given: dict[str, Any]) -> Outcome:
    reported = report_check_in(call.scope, call.caller.id, _sent(call, given, "app"), call.now)
    status, outcome = (201, "created") if reported.is_new else (200, "known")
    return Outcome(status, outcome, reported.check_in)


@resource.operation("GET", "/me/check-ins", "listMyCheckIns")
@resource.arguments(SinceQuery(), location="query")
@resource.response(200, page_of(READ))
def history(call: Call, query: dict[str, Any]) -> Page:
    """List own check-ins

    Oldest first, each in its latest version.
    """
    place = after(query.get("cursor"), datetime, UUID)
    rows = list_check_ins(call.scope, call.caller.id, query.get("since"), place, query["limit"] + 1)
    return cut(rows, query["limit"], lambda row: (row.recorded_at, row.id))


@resource.operation("POST", "/me/check-ins/<uuid:check_in_id>/corrections", "correctCheckIn")
@resource.arguments(CorrectionSchema(), example={"pain": 3})
@resource.response(201, READ)
@resource.alt_response(200, schema=READ, description="It was corrected so before", success=True)
def correct(call: Call, given: dict[str, Any], check_in_id: UUID) -> tuple[CheckInRead, int]:
    """Correct a check-in

    Adds a version; the old one stays. Nothing that was flagged is taken back: only a clinician closes a flag.
    """
    sent = _sent(call, given | {"local_date": None}, "app")
    return _answer(correct_check_in(call.scope, call.caller.id, check_in_id, sent, call.now))


@resource.operation("POST", "/episodes/<uuid:episode_id>/check-ins", "takeCheckIn")
@resource.arguments(TakenCheckInSchema())
@resource.response(201, READ)
@resource.alt_response(200, schema=READ, description="It was stored before, with the same facts", success=True)
def take(call: Call, given: dict[str, Any], episode_id: UUID) -> tuple[CheckInRead, int]:
    """Enter a check-in taken by phone

    It becomes the same record as one by text or app, through the same rules.
    """
    running = find_recovery_of(call.scope, episode_id)
    given["recorded_at"] = given.get("recorded_at", call.now).astimezone(running.zone)
    sent = _sent(call, given, "staff")
    return _answer(report_check_in(call.scope, running.recovery.patient_id, sent, call.now, episode_id))


def _sent(call: Call, given: dict[str, Any], channel: str) -> Submission:
    return Submission(
        facts=given["facts"],
        recorded_at=given.get("recorded_at") or call.now,
        local_on=given.get("local_date"),
        client_id=given.get("client_id"),
        channel=channel,
        actor=call.actor,
        answered_by=given.get("answered_by", "patient"),
    )


def _answer(reported: Reported) -> tuple[CheckInRead, int]:
    return reported.check_in, 201 if reported.is_new else 200
