"""Questionnaires: disability (RMDQ or ODI) and mood (PHQ-2), answered when they are due."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.fields import Id, Instant, StrictInt, one_of
from recovery_api.api.paging import PageQuery, after, cut
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.domain.questionnaires import ANSWERED_BY, CHANNELS, DUE_DAYS, INSTRUMENTS
from recovery_api.services.answer_questionnaire import (
    AnsweredQuestionnaire,
    QuestionnaireRead,
    answer_questionnaire,
    list_due,
    list_questionnaires,
)

resource = Resource("Questionnaires", "RMDQ or ODI, and the PHQ-2")
EXAMPLE = {
    "client_id": "0190b3a4-5f6e-7c8d-9e0f-112233445577",
    "instrument": "rmdq",
    "score": 11,
    "recorded_at": "2026-12-21T08:02:11-05:00",
}


class NewQuestionnaireSchema(Body):
    """One answered questionnaire: its score, its answers, or both."""

    client_id = Id(required=True, metadata={"description": "A UUID made on the phone"})
    instrument = fields.String(required=True, validate=one_of(*INSTRUMENTS))
    score = StrictInt(
        allow_none=True,
        validate=validate.Range(0, 100),
        metadata={"description": "rmdq 0 to 24, odi 0 to 100 (per cent), phq2 0 to 6"},
    )
    answers = fields.List(
        StrictInt(validate=validate.Range(0, 5)),
        allow_none=True,
        validate=validate.Length(min=1, max=24),
        metadata={"description": "rmdq 24 of 0 or 1, odi 10 of 0 to 5, phq2 2 of 0 to 3"},
    )
    recorded_at = Instant(required=True)


class QuestionnaireSchema(Answer):
    """One stored questionnaire."""

    id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    instrument = fields.String(required=True, validate=one_of(*INSTRUMENTS))
    score = fields.Integer(required=True)
    answers = fields.List(fields.Integer(), required=True, allow_none=True)
    day = fields.Integer(required=True, metadata={"description": "Days since the procedure"})
    recorded_at = Instant(required=True)
    received_at = Instant(required=True)
    claimed_at = Instant(required=True, allow_none=True, metadata={"description": "Where the clock was bounded"})
    channel = fields.String(
        required=True, validate=one_of(*CHANNELS), metadata={"description": "`staff` where a nurse entered it"}
    )
    answered_by = fields.String(required=True, validate=one_of(*ANSWERED_BY))


class DueSchema(Answer):
    """One questionnaire that waits for an answer; any of its instruments will do."""

    measures = fields.String(required=True, validate=one_of(*DUE_DAYS))
    instruments = fields.List(fields.String(validate=one_of(*INSTRUMENTS)), required=True)
    due_on = fields.Date(required=True)
    until = fields.Date(required=True)


class QuestionnairesSchema(Answer):
    """What was answered, and what is due."""

    items = fields.List(fields.Nested(QuestionnaireSchema()), required=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "Null on the last page"})
    due = fields.List(fields.Nested(DueSchema()), required=True)


@resource.operation("GET", "/me/questionnaires", "listMyQuestionnaires")
@resource.arguments(PageQuery(), location="query")
@resource.response(200, QuestionnairesSchema())
def mine(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """List own questionnaires

    Those answered, oldest first, and under `due` those that wait for an answer today.
    """
    place = after(query.get("cursor"), UUID)
    found = list_questionnaires(call.scope, call.caller.id)
    seen = next((number for number, one in enumerate(found, 1) if place and one.id == place[0]), 0)
    page = cut(found[seen:], query["limit"], lambda one: (one.id,))
    return {"items": page.items, "next": page.next, "due": list_due(call.scope, call.caller.id, call.now)}


@resource.operation("POST", "/me/questionnaires", "answerQuestionnaire", has_own_identity=True, also=(404,))
@resource.arguments(NewQuestionnaireSchema(), example=EXAMPLE)
@resource.response(201, QuestionnaireSchema())
@resource.alt_response(200, schema=QuestionnaireSchema(), description="It was stored before", success=True)
def answer(call: Call, given: dict[str, Any]) -> tuple[QuestionnaireRead, int]:
    """Answer a questionnaire

    The score's range is checked, and where the answers came with it, that it fits them. A PHQ-2 of 3 or more is put
    before a clinician. Who says that they think of harming themselves is not asked for a score: send a check-in with
    the symptom `self_harm`, which calls for a person at once.
    """
    sent = AnsweredQuestionnaire(
        given["client_id"], given["instrument"], given.get("score"), given.get("answers"), given["recorded_at"]
    )
    stored, is_new = answer_questionnaire(call.scope, call.caller.id, sent, call.actor, call.now)
    return stored, 201 if is_new else 200
