"""Flags as they travel."""

from typing import Any

from marshmallow import fields

from recovery_api.api.fields import Instant, one_of
from recovery_api.api.schemas import Answer
from recovery_api.domain.rules import FAMILIES, told_family
from recovery_api.domain.tiers import Tier

STATUSES = ("open", "acknowledged", "snoozed", "resolved")
OUTCOMES = (
    "advised", "visit_booked", "imaging", "sent_to_emergency",
    "new_fracture", "could_not_reach", "false_alarm", "other",
)  # fmt: skip


class Family(fields.String):
    """The family of a flag."""

    def _serialize(self, value: str | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else told_family(value)


class FlagSchema(Answer):
    """Something that awaits a person, or awaited one."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True, metadata={"description": "For If-Match, in quotation marks"})
    patient_id = fields.UUID(required=True, allow_none=True)
    episode_id = fields.UUID(required=True, allow_none=True)
    check_in_id = fields.UUID(required=True, allow_none=True)
    message_id = fields.UUID(required=True, allow_none=True)
    tier = fields.String(required=True, validate=one_of(*Tier))
    family = Family(required=True, validate=one_of(*FAMILIES))
    status = fields.String(required=True, validate=one_of(*STATUSES))
    rule = fields.String(required=True)
    rule_version = fields.String(required=True)
    reason = fields.String(required=True)
    quote = fields.String(required=True, allow_none=True, metadata={"description": "The patient's own words"})
    opened_at = Instant(required=True)
    last_at = Instant(required=True)
    respond_by = Instant(required=True)
    waiting_since = Instant(required=True, metadata={"description": "When it last called: opened, raised or came back"})
    next_rung_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When the next people are told, unless somebody has it"},
    )
    assignee = fields.UUID(required=True, allow_none=True, attribute="owner_id")
    assignee_name = fields.String(required=True, attribute="owner")
    acknowledged_at = Instant(required=True, allow_none=True)
    snoozed_until = Instant(required=True, allow_none=True)
    resolved_at = Instant(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True, validate=one_of(*OUTCOMES))
    repeats = fields.Integer(required=True, metadata={"description": "How often the same was found again"})


class WorklistFlagSchema(FlagSchema):
    """A flag with the person it is about."""

    patient_name = fields.String(required=True, metadata={"description": "Empty for a phone that nobody is known by"})


class FlagEventSchema(Answer):
    """One thing that happened to a flag."""

    kind = fields.String(required=True)
    at = Instant(required=True)
    by = fields.String(required=True, metadata={"description": "Empty for the system"})
    note = fields.String(required=True, allow_none=True)


class ToldSchema(Answer):
    """One telling of a clinician."""

    clinician_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Empty for the last resort"})
    clinician = fields.String(required=True)
    channel = fields.String(required=True, validate=one_of("sms", "email", "voice"))
    at = Instant(required=True)
    state = fields.String(required=True)
    settled_at = Instant(required=True, allow_none=True)


class ExpectedBandSchema(Answer):
    """Pain to be expected on the day of the answer, in points from 0 to 10."""

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


class ExplanationSchema(Answer):
    """Everything behind a flag."""

    flag_id = fields.UUID(required=True, attribute="flag.id")
    rule = fields.String(required=True, attribute="flag.rule")
    rule_version = fields.String(required=True, attribute="flag.rule_version")
    family = Family(required=True, attribute="flag.family", validate=one_of(*FAMILIES))
    tier = fields.String(required=True, attribute="flag.tier", validate=one_of(*Tier))
    reason = fields.String(required=True, attribute="flag.reason")
    sentence = fields.String(required=True, allow_none=True, metadata={"description": "The rule's words"})
    source = fields.String(required=True, allow_none=True, metadata={"description": "What the rule rests on"})
    inputs = fields.Dict(required=True, attribute="flag.inputs")
    thresholds = fields.Dict(required=True)
    expected_band = fields.Nested(ExpectedBandSchema(), required=True, allow_none=True)
    told = fields.List(fields.Nested(ToldSchema()), required=True)
    events = fields.List(fields.Nested(FlagEventSchema()), required=True)


class TierResponseSchema(Answer):
    """How soon flags of one tier were acknowledged; times are minutes from the call."""

    tier = fields.String(required=True, validate=one_of(*Tier))
    calls = fields.Integer(required=True, metadata={"description": "A flag that comes back calls again"})
    answered = fields.Integer(required=True)
    in_time = fields.Integer(required=True)
    target_minutes = fields.Integer(required=True)
    median_minutes = fields.Float(required=True, allow_none=True)
    ninety_percent_minutes = fields.Float(required=True, allow_none=True)
    longest_minutes = fields.Float(required=True, allow_none=True)


class ResponseReportSchema(Answer):
    """How soon people answered, by tier."""

    since = Instant(required=True)
    until = Instant(required=True)
    tiers = fields.List(fields.Nested(TierResponseSchema()), required=True)
