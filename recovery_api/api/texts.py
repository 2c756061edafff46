"""The clinic's texts: what each says and costs, and how two people change one."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.fields import Instant, StrictInt, Words, one_of
from recovery_api.api.paging import Page, PageQuery, after, cut, page_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body, NothingSchema
from recovery_api.packs.texts import LANGUAGES
from recovery_api.services.read_texts import WordingRecord, read_texts, read_wording, read_wordings
from recovery_api.services.sign_texts import (
    LONGEST_WORDING,
    Proposal,
    propose_wording,
    refuse_wording,
    sign_wording,
)

resource = Resource("Texts", "What texts say, what they cost, and who signed them")
STATES = ("waiting", "in_effect", "replaced", "refused")


class TextQuery(PageQuery):
    """Which texts."""

    language = fields.String(validate=one_of(*LANGUAGES))


class TextSchema(Answer):
    """One text in one language, with what it costs with the longest values, behind the longest label of a phone."""

    key = fields.String(required=True)
    language = fields.String(required=True)
    body = fields.String(required=True, metadata={"description": "As it is sent, with its {placeholders}"})
    shipped = fields.String(required=True, metadata={"description": "The product's own words"})
    longest = fields.String(required=True, metadata={"description": "With the longest values and label, smart-encoded"})
    is_own = fields.Boolean(required=True, metadata={"description": "Whether the clinic chose the words"})
    encoding = fields.String(required=True, validate=one_of("GSM-7", "UCS-2"))
    segments = fields.Integer(required=True)
    characters = fields.Integer(required=True)
    grade = fields.Float(required=True, allow_none=True, metadata={"description": "Reading grade; English alone"})
    version = fields.String(required=True, metadata={"description": "Kept with every text that is sent"})


class NewWordingSchema(Body):
    """Other words for one text."""

    key = Words(required=True, validate=validate.Length(min=1, max=60), metadata={"example": "saved"})
    language = fields.String(required=True, validate=one_of(*LANGUAGES))
    body = Words(
        required=True,
        allow_none=True,
        validate=validate.Length(min=1, max=LONGEST_WORDING),
        metadata={"description": "Null brings the shipped words back"},
    )
    most_segments = StrictInt(
        load_default=1, validate=validate.Range(1, 2), metadata={"description": "2 where two segments are agreed on"}
    )


class WordingSchema(Answer):
    """Words that somebody proposed, and what became of them."""

    id = fields.UUID(required=True)
    key = fields.String(required=True)
    language = fields.String(required=True)
    body = fields.String(required=True, allow_none=True)
    most_segments = fields.Integer(required=True)
    pack_version = fields.String(required=True)
    state = fields.String(required=True, validate=one_of(*STATES))
    proposed_by_id = fields.UUID(required=True)
    proposed_by = fields.String(required=True)
    proposed_at = Instant(required=True)
    decided_by_id = fields.UUID(required=True, allow_none=True)
    decided_by = fields.String(required=True)
    decided_at = Instant(required=True, allow_none=True)


WORDING = WordingSchema()


@resource.operation("GET", "/texts", "listTexts")
@resource.arguments(TextQuery(), location="query")
@resource.response(200, page_of(TextSchema()))
def list_texts(call: Call, query: dict[str, Any]) -> Page:
    """List what the clinic sends

    In the order of the pack, one language after the other.
    """
    place = after(query.get("cursor"), int)
    begin = min(max(place[0], 0), 10_000) if place else 0
    numbered = list(enumerate(read_texts(call.scope, query.get("language")), 1))[begin:]
    page = cut(numbered, query["limit"], lambda one: (one[0],))
    return Page([text for _, text in page.items], page.next)


@resource.operation("GET", "/wordings", "listWordings")
@resource.arguments(PageQuery(), location="query")
@resource.response(200, page_of(WORDING))
def list_wordings(call: Call, query: dict[str, Any]) -> Page:
    """List proposed wordings

    Newest first; nothing is ever taken off this list.
    """
    place = after(query.get("cursor"), UUID)
    records = read_wordings(call.scope)
    seen = next((number for number, one in enumerate(records, 1) if place and one.id == place[0]), 0)
    return cut(records[seen:], query["limit"], lambda one: (one.id,))


@resource.operation("POST", "/wordings", "proposeWording")
@resource.arguments(NewWordingSchema())
@resource.response(201, WORDING)
def propose(call: Call, given: dict[str, Any]) -> WordingRecord:
    """Propose other words for a text

    A lead proposes; nothing is sent with them until somebody else has signed. The linter's findings come back as 422.
    """
    proposal = Proposal(given["key"], given["language"], given["body"], given["most_segments"])
    return read_wording(call.scope, propose_wording(call.scope, proposal, call.actor, call.now))


@resource.operation("POST", "/wordings/<uuid:wording_id>/sign", "signWording")
@resource.arguments(NothingSchema(), required=False)
@resource.response(200, WORDING)
def sign(call: Call, _: dict[str, Any], wording_id: UUID) -> WordingRecord:
    """Sign proposed words

    The second signature: who proposed them cannot give it. Texts queued from then on use them.
    """
    sign_wording(call.scope, wording_id, call.actor, call.now)
    return read_wording(call.scope, wording_id)


@resource.operation("POST", "/wordings/<uuid:wording_id>/refuse", "refuseWording")
@resource.arguments(NothingSchema(), required=False)
@resource.response(200, WORDING)
def refuse(call: Call, _: dict[str, Any], wording_id: UUID) -> WordingRecord:
    """Refuse proposed words

    Who proposed them may take them back so.
    """
    refuse_wording(call.scope, wording_id, call.actor, call.now)
    return read_wording(call.scope, wording_id)
