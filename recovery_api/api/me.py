"""The patient themselves: preferences, the recovery as of today, and the plan ahead."""

from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.appointments import AppointmentSchema
from recovery_api.api.auth import Call
from recovery_api.api.fields import ZONE, ClockTime, Instant, StrictBool, Words, one_of
from recovery_api.api.paging import Page, PageQuery, after, cut, page_of
from recovery_api.api.problems import LANGUAGES
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import AboutPageSchema, Answer, Body
from recovery_api.domain.protocol import KINDS, QUESTIONS
from recovery_api.services.change_own_consent import change_own_consent
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.read_me import Me, read_me
from recovery_api.services.read_today import Today, list_plan, read_today

resource = Resource("Me", "The patient's own side")


class ChannelsSchema(Answer):
    """How the patient is reached."""

    sms = fields.Boolean(required=True)
    app = fields.Boolean(required=True)


class ConsentSchema(Answer):
    """The last word on one purpose and channel."""

    purpose = fields.String(required=True, validate=one_of("care_texts", "all_texts", "research"))
    channel = fields.String(required=True, validate=one_of("sms", "voice", "app", "email"))
    granted = fields.Boolean(required=True)
    recorded_at = Instant(required=True)


class MeSchema(Answer):
    """A patient's preferences and consents."""

    id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    language = fields.String(required=True, validate=one_of(*LANGUAGES))
    zone = fields.String(required=True, metadata={"example": "America/New_York"})
    check_in_time = ClockTime(required=True, allow_none=True, metadata={"description": "Null without a plan"})
    channels = fields.Nested(ChannelsSchema(), required=True)
    consent = fields.List(fields.Nested(ConsentSchema()), required=True)


class ChannelsChangeSchema(Body):
    """Which channels to use."""

    sms = StrictBool(
        required=True,
        metadata={"description": "False stops every text; true brings them back, unless the carrier was told to stop"},
    )


class ConsentChangeSchema(Body):
    """A purpose that is the patient's to grant or to take back here."""

    purpose = fields.String(required=True, validate=one_of("research"))
    granted = StrictBool(required=True)


class MeChangeSchema(Body):
    """What to change; what is left out stays."""

    language = fields.String(validate=one_of(*LANGUAGES))
    zone = Words(metadata=ZONE)
    check_in_time = ClockTime(metadata={"description": "The local hour of the check-in", "example": "10:00"})
    channels = fields.Nested(ChannelsChangeSchema())
    consent = fields.List(fields.Nested(ConsentChangeSchema()), validate=validate.Length(max=5))


class PlanItemSchema(Answer):
    """One thing that is planned, as a text says it."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=one_of(*KINDS))
    local_date = fields.Date(required=True)
    due_at = Instant(required=True)
    expires_at = Instant(required=True)
    question = fields.String(required=True, allow_none=True, validate=one_of(*QUESTIONS))
    text = fields.String(required=True, metadata={"description": "In the patient's language"})


class OwnProcedureSchema(Answer):
    """The procedure."""

    performed_on = fields.Date(required=True, attribute="recovery.procedure_on")
    levels = fields.List(fields.String(), required=True)


class BandSchema(Answer):
    """Pain to be expected by now, in points from 0 to 10."""

    low = fields.Float(required=True)
    high = fields.Float(required=True)
    band_source = fields.String(
        required=True, attribute="source", metadata={"description": "Whose courses these are; never an alarm"}
    )
    patients = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of how many of the clinic's own patients; null for published courses"},
    )


class TodaySchema(Answer):
    """The recovery that is running, as of today."""

    id = fields.UUID(required=True, attribute="running.recovery.episode_id")
    status = fields.String(required=True, attribute="running.status", validate=one_of("active", "on_hold"))
    procedure = fields.Nested(OwnProcedureSchema(), required=True, attribute="running")
    day = fields.Integer(required=True, metadata={"description": "Days since the procedure"})
    open_items = fields.List(fields.Nested(PlanItemSchema()), required=True)
    next_visit = fields.Nested(AppointmentSchema(), required=True, allow_none=True)
    expected_band = fields.Nested(BandSchema(), required=True)
    about = fields.List(
        fields.Nested(AboutPageSchema()),
        required=True,
        metadata={"description": "Plain pages on the procedure, its benefits and risks, in the patient's language"},
    )


@resource.operation("GET", "/me", "readMe")
@resource.response(200, MeSchema())
def me(call: Call) -> Me:
    """Read own preferences"""
    return read_me(call.scope, call.caller.id)


@resource.operation("PATCH", "/me", "changeMe", edits="readMe")
@resource.arguments(MeChangeSchema())
@resource.response(200, MeSchema())
def change_me(call: Call, given: dict[str, Any]) -> Me:
    """Change own preferences

    A new zone or hour plans anew what is still to come; what was sent stays as it was. Whoever stops the texts is
    called instead: the clinic gets a task.
    """
    wishes = [(one["purpose"], one["granted"]) for one in given.pop("consent", ())]
    channels = given.pop("channels", None)
    if given:
        change_preferences(call.scope, call.caller.id, Preferences(**given), call.actor, call.now)
    change_own_consent(call.scope, call.caller.id, channels["sms"] if channels else None, wishes, call.now)
    return read_me(call.scope, call.caller.id)


@resource.operation("GET", "/me/episode", "readMyEpisode", also=(404,))
@resource.response(200, TodaySchema())
def my_episode(call: Call) -> Today:
    """Read own recovery as of today"""
    return read_today(call.scope, call.caller.id, call.now)


@resource.operation("GET", "/me/plan", "readMyPlan", also=(404,))
@resource.arguments(PageQuery(), location="query")
@resource.response(200, page_of(PlanItemSchema()))
def my_plan(call: Call, query: dict[str, Any]) -> Page:
    """List what is planned

    The next two weeks, in the order in which things fall due.
    """
    place = after(query.get("cursor"), datetime, UUID)
    rows = list_plan(call.scope, call.caller.id, call.now, place, query["limit"] + 1)
    return cut(rows, query["limit"], lambda row: (row.due_at, row.id))
