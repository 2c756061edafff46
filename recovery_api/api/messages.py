"""Messages: the thread between a patient and the clinic, and the replies that nobody could read."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.fields import Id, Instant, Words, one_of
from recovery_api.api.paging import Page, PageQuery, after, cut, page_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier
from recovery_api.models.calls import OUTCOMES
from recovery_api.services.place_text import place_text
from recovery_api.services.read_inbox import LONGEST_NOTE, close_inbox_text, read_inbox
from recovery_api.services.read_thread import Text, read_conversation, read_thread
from recovery_api.services.record_audit import record_audit
from recovery_api.services.write_to_patient import LONGEST_TEXT, write_to_patient

resource = Resource("Messages", "Texts in and out")


class OwnMessageSchema(Answer):
    """One text as the patient sees it."""

    id = fields.UUID(required=True)
    direction = fields.String(required=True, validate=one_of("in", "out"))
    body = fields.String(required=True)
    at = Instant(required=True)
    state = fields.String(required=True, metadata={"description": "received, or how far the delivery got"})


class CallSchema(Answer):
    """How a call went."""

    outcome = fields.String(
        required=True,
        allow_none=True,
        validate=one_of(*OUTCOMES),
        metadata={"description": "null until it has ended, and where the phone could not be called"},
    )
    try_number = fields.Integer(required=True, metadata={"description": "Which try of its day"})
    is_answered = fields.Boolean(required=True, metadata={"description": "Whether keys saved something"})
    pain = fields.Integer(required=True, allow_none=True)
    symptoms = fields.List(fields.String(validate=one_of(*SYMPTOM_TIERS)), required=True)


class MessageSchema(OwnMessageSchema):
    """One text, or one call, of a patient's thread."""

    channel = fields.String(required=True, validate=one_of("sms", "voice"))
    call = fields.Nested(
        CallSchema(), required=True, allow_none=True, metadata={"description": "For voice, whose body is empty"}
    )
    purpose = fields.String(required=True, allow_none=True)
    error_code = fields.Integer(required=True, allow_none=True, metadata={"description": "The carrier's"})
    disposition = fields.String(required=True, allow_none=True, metadata={"description": "What was done with it"})
    because = fields.String(required=True, allow_none=True, metadata={"description": "Why it was read so"})
    needs_person = fields.Boolean(required=True)


class NewMessageSchema(Body):
    """A clinician's own words."""

    body = Words(required=True, validate=validate.Length(min=1, max=LONGEST_TEXT))


class InboxTextSchema(Answer):
    """One text that waits for a person."""

    id = fields.UUID(required=True)
    at = Instant(required=True)
    phone = fields.String(required=True)
    body = fields.String(required=True)
    disposition = fields.String(required=True)
    tier = fields.String(required=True, allow_none=True, validate=one_of(*Tier))
    because = fields.String(required=True)
    patient_id = fields.UUID(required=True, allow_none=True)


class PlaceSchema(Body):
    """Whose text it is."""

    patient_id = Id(required=True)


class CloseSchema(Body):
    """How it was dealt with."""

    note = Words(required=True, validate=validate.Length(min=1, max=LONGEST_NOTE))


@resource.operation("GET", "/me/messages", "listMyMessages")
@resource.arguments(PageQuery(), location="query")
@resource.response(200, page_of(OwnMessageSchema()))
def my_messages(call: Call, query: dict[str, Any]) -> Page:
    """List own texts

    Newest first.
    """
    return _thread(call, call.caller.id, query, read_thread)


@resource.operation("GET", "/patients/<uuid:patient_id>/messages", "listPatientMessages")
@resource.arguments(PageQuery(), location="query")
@resource.response(200, page_of(MessageSchema()))
def thread(call: Call, query: dict[str, Any], patient_id: UUID) -> Page:
    """List a patient's texts and calls

    Newest first.
    """
    record_audit(call.scope, call.actor, "thread.viewed", ("patient", patient_id), call.now, patient_id)
    return _thread(call, patient_id, query, read_conversation)


@resource.operation("POST", "/patients/<uuid:patient_id>/messages", "writeToPatient")
@resource.arguments(NewMessageSchema())
@resource.response(201, MessageSchema())
def write(call: Call, given: dict[str, str], patient_id: UUID) -> Text:
    """Write to a patient

    Through the outbox like every text: consent and opt-out are looked at again when it leaves. Words that name
    somebody, a diagnosis or a procedure are refused as `private_words`, and so is a question for YES or NO.
    """
    message_id = write_to_patient(call.scope, patient_id, given["body"], call.actor, call.now)
    return next(text for text in read_thread(call.scope, patient_id) if text.id == message_id)


@resource.operation("GET", "/inbox", "listInbox")
@resource.arguments(PageQuery(), location="query")
@resource.response(200, page_of(InboxTextSchema()))
def inbox(call: Call, query: dict[str, Any]) -> Page:
    """List the texts that wait for a person

    Longest waiting first: unknown senders, shared phones, and what could not be read.
    """
    place = after(query.get("cursor"), datetime, UUID)
    texts = read_inbox(call.scope, query["limit"] + 1, place)
    record_audit(call.scope, call.actor, "inbox.viewed", ("clinic", call.scope.clinic_id), call.now)
    return cut(texts, query["limit"], lambda text: (text.at, text.id))


@resource.operation("POST", "/inbox/<uuid:message_id>/assign", "placeInboxText")
@resource.arguments(PlaceSchema())
@resource.response(204)
def place(call: Call, given: dict[str, UUID], message_id: UUID) -> None:
    """Say whose text it is

    What it reports becomes that patient's check-in of the time it came, judged by the same rules. The patient is
    sent nothing by this.
    """
    place_text(call.scope, message_id, given["patient_id"], call.actor, call.now)


@resource.operation("POST", "/inbox/<uuid:message_id>/close", "closeInboxText")
@resource.arguments(CloseSchema())
@resource.response(204)
def close(call: Call, given: dict[str, str], message_id: UUID) -> None:
    """Close a text that was dealt with

    It leaves the inbox, not the record.
    """
    close_inbox_text(call.scope, message_id, call.caller.id, given["note"], call.now)


def _thread(call: Call, patient_id: UUID, query: dict[str, Any], read: Callable[..., list[Text]]) -> Page:
    place = after(query.get("cursor"), datetime, UUID)
    newest: Sequence[Text] = read(call.scope, patient_id, query["limit"] + 1, place)[::-1]
    return cut(newest, query["limit"], lambda text: (text.at, text.id))
