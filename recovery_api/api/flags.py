"""Flags: the worklist, and what a clinician does with each."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from recovery_api.api.auth import Call, versions_seen
from recovery_api.api.documentation import ETAG
from recovery_api.api.fields import Id, Instant, QueryInstant, Words, one_of
from recovery_api.api.flag_schemas import (
    OUTCOMES,
    STATUSES,
    ExplanationSchema,
    FlagSchema,
    ResponseReportSchema,
    WorklistFlagSchema,
)
from recovery_api.api.paging import Page, PageQuery, after, cut, page_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Body, NothingSchema
from recovery_api.domain.tiers import Tier
from recovery_api.services import answer_flags
from recovery_api.services.answer_flags import LONGEST_NOTE, Deed
from recovery_api.services.explain_flag import Explanation, explain_flag, read_flag
from recovery_api.services.list_worklist import list_worklist
from recovery_api.services.read_flags import FlagFacts, FlagQuery
from recovery_api.services.record_audit import record_audit
from recovery_api.services.report_responses import report_responses

resource = Resource("Flags", "What awaits a person")
FLAG = FlagSchema()
LAST = timedelta(days=30)
_NOTE = validate.Length(min=1, max=LONGEST_NOTE)

_WHOSE = {
    "description": "A clinician's id, or `me`",
    "anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "const": "me"}],
}


class Assignee(fields.Field[UUID]):
    """A clinician's id, or `me`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return value if value == "me" else Id().deserialize(value)


class FlagsQuery(PageQuery):
    """The query of the worklist."""

    status = fields.String(validate=one_of(*STATUSES), metadata={"description": "All but resolved, if left out"})
    tier = fields.String(validate=one_of(*Tier))
    assignee = Assignee(metadata=_WHOSE)


class ReportQuery(Schema):
    """The stretch of time of a report."""

    since = QueryInstant()
    until = QueryInstant()


class AssignSchema(Body):
    """Who takes it."""

    assignee = Id(required=True)


class SnoozeSchema(Body):
    """Until when, at most a day, and why."""

    until = Instant(required=True)
    reason = Words(required=True, validate=_NOTE)


class ResolveSchema(Body):
    """What came of it; who could not be reached stays on the list."""

    outcome = fields.String(required=True, validate=one_of(*OUTCOMES))
    note = Words(required=True, validate=_NOTE)


class ReopenSchema(Body):
    """Why it is open again."""

    note = Words(load_default="", validate=validate.Length(max=LONGEST_NOTE))


@resource.operation("GET", "/flags", "listFlags")
@resource.arguments(FlagsQuery(), location="query")
@resource.response(200, page_of(WorklistFlagSchema()))
def list_flags(call: Call, query: dict[str, Any]) -> Page:
    """List flags

    The most urgent tier first, within it the longest waiting.
    """
    wanted = FlagQuery(
        status=(query["status"],) if "status" in query else STATUSES[:-1],
        tier=query.get("tier"),
        owner_id=call.caller.id if query.get("assignee") == "me" else query.get("assignee"),
        after=after(query.get("cursor"), int, datetime, UUID),
        limit=query["limit"] + 1,
    )
    entries = list_worklist(call.scope, wanted, call.actor, call.now)
    return cut(entries, query["limit"], lambda one: (one.tier.rank, one.waiting_since, one.id))


@resource.operation("GET", "/flags/report", "reportFlags")
@resource.arguments(ReportQuery(), location="query")
@resource.response(200, ResponseReportSchema())
def report(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Report how soon flags were acknowledged

    By tier, over the flags that opened from `since` up to `until`; the last 30 days if left out.
    """
    until = query.get("until", call.now)
    found = report_responses(call.scope, query.get("since", until - LAST), until, call.actor, call.now)
    tiers = [{**asdict(one), "target_minutes": found.targets[one.tier]} for one in found.tiers]
    return {"since": found.since, "until": found.until, "tiers": tiers}


@resource.operation("GET", "/flags/<uuid:flag_id>", "readFlag")
@resource.response(200, FLAG, headers=ETAG)
def read(call: Call, flag_id: UUID) -> tuple[FlagFacts, dict[str, str]]:
    """Read a flag"""
    flag = read_flag(call.scope, flag_id)
    record_audit(call.scope, call.actor, "flag.viewed", ("flag", flag_id), call.now, flag.patient_id)
    return flag, _etag(flag)


@resource.operation("POST", "/flags/<uuid:flag_id>/acknowledge", "acknowledgeFlag", versioned=True)
@resource.arguments(NothingSchema(), required=False)
@resource.response(200, FLAG, headers=ETAG)
def acknowledge(call: Call, _: dict[str, Any], flag_id: UUID) -> tuple[FlagFacts, dict[str, str]]:
    """Take a flag

    Whoever acknowledges it owns it from now on.
    """
    answer_flags.acknowledge_flag(call.scope, _deed(call, flag_id), call.now)
    return _changed(call, flag_id)


@resource.operation("POST", "/flags/<uuid:flag_id>/assign", "assignFlag", versioned=True)
@resource.arguments(AssignSchema())
@resource.response(200, FLAG, headers=ETAG)
def assign(call: Call, given: dict[str, Any], flag_id: UUID) -> tuple[FlagFacts, dict[str, str]]:
    """Hand a flag to a colleague"""
    answer_flags.assign_flag(call.scope, _deed(call, flag_id), given["assignee"], call.now)
    return _changed(call, flag_id)


@resource.operation("POST", "/flags/<uuid:flag_id>/snooze", "snoozeFlag", versioned=True)
@resource.arguments(SnoozeSchema())
@resource.response(200, FLAG, headers=ETAG)
def snooze(call: Call, given: dict[str, Any], flag_id: UUID) -> tuple[FlagFacts, dict[str, str]]:
    """Put a flag off

    A day at most, with a reason, and never an emergency.
    """
    answer_flags.snooze_flag(call.scope, _deed(call, flag_id), given["until"], given["reason"], call.now)
    return _changed(call, flag_id)


@resource.operation("POST", "/flags/<uuid:flag_id>/resolve", "resolveFlag", versioned=True)
@resource.arguments(ResolveSchema(), example={"outcome": "advised", "note": "Called; resting, will call if worse."})
@resource.response(200, FLAG, headers=ETAG)
def resolve(call: Call, given: dict[str, Any], flag_id: UUID) -> tuple[FlagFacts, dict[str, str]]:
    """Close a flag with an outcome and a note

    With `could_not_reach` it stays on the list, open and unowned.
    """
    answer_flags.resolve_flag(call.scope, _deed(call, flag_id), given["outcome"], given["note"], call.now)
    return _changed(call, flag_id)


@resource.operation("POST", "/flags/<uuid:flag_id>/reopen", "reopenFlag", versioned=True)
@resource.arguments(ReopenSchema(), required=False)
@resource.response(200, FLAG, headers=ETAG)
def reopen(call: Call, given: dict[str, Any], flag_id: UUID) -> tuple[FlagFacts, dict[str, str]]:
    """Open a resolved flag again"""
    answer_flags.reopen_flag(call.scope, _deed(call, flag_id), given["note"], call.now)
    return _changed(call, flag_id)


@resource.operation("GET", "/flags/<uuid:flag_id>/explanation", "explainFlag")
@resource.response(200, ExplanationSchema())
def explain(call: Call, flag_id: UUID) -> Explanation:
    """Explain a flag

    The rule, its version and thresholds, what it saw, and who was told when.
    """
    return explain_flag(call.scope, flag_id, call.actor, call.now)


def _deed(call: Call, flag_id: UUID) -> Deed:
    seen = versions_seen()
    if seen is None:
        return Deed(call.caller.id, flag_id, None)
    if len(seen) > 1 and (current := read_flag(call.scope, flag_id).version) in seen:
        return Deed(call.caller.id, flag_id, current)
    return Deed(call.caller.id, flag_id, min(seen))


def _changed(call: Call, flag_id: UUID) -> tuple[FlagFacts, dict[str, str]]:
    flag = read_flag(call.scope, flag_id)
    return flag, _etag(flag)


def _etag(flag: FlagFacts) -> dict[str, str]:
    return {"ETag": f'"{flag.version}"'}
