"""Configuration: what a phone keeps, so that it can advise without a network."""

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields

from recovery_api.api import app_versions
from recovery_api.api.auth import bearer_secret
from recovery_api.api.fields import Id, one_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import AboutPageSchema, Answer
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier
from recovery_api.services.read_config import PhoneConfig, read_config
from recovery_api.wiring import wiring

resource = Resource("Configuration", "What a phone keeps")


class LabelsSchema(Answer):
    """What to show for it, by language."""

    en = fields.String(required=True)
    es = fields.String(required=True)


class SymptomSchema(Answer):
    """A symptom's code, how soon it calls for a person, and what to show for it."""

    code = fields.String(required=True, validate=one_of(*SYMPTOM_TIERS))
    tier = fields.String(required=True, validate=one_of(*Tier))
    labels = fields.Nested(LabelsSchema(), required=True)


class AdviceTextSchema(Answer):
    """What to say at once to who reports a symptom of this tier."""

    tier = fields.String(required=True, validate=one_of(*Tier))
    language = fields.String(required=True)
    text = fields.String(required=True)


class ConfigSchema(Answer):
    """Numbers to call, symptoms with tiers, and the least app version."""

    clinic_name = fields.String(required=True, allow_none=True)
    clinic_phone = fields.String(required=True, allow_none=True)
    emergency_number = fields.String(required=True)
    symptoms = fields.List(fields.Nested(SymptomSchema()), required=True)
    symptoms_version = fields.String(required=True)
    advice = fields.List(fields.Nested(AdviceTextSchema()), required=True)
    about = fields.List(
        fields.Nested(AboutPageSchema()),
        required=True,
        metadata={
            "description": "Plain pages on the procedure, open to anybody: what it does, its benefits, its risks"
        },
    )
    push_key = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What a browser subscribes to web push with; null where the clinic has none"},
    )
    least_app_version = fields.Constant(app_versions.LEAST, required=True, metadata={"type": "string"})


class ConfigQuery(Schema):
    """Which clinic, for who has no token yet."""

    clinic = Id(metadata={"description": "A clinic's id; not needed with a token, or where there is one clinic"})


@resource.operation("GET", "/config", "readConfig", also=(404,))
@resource.arguments(ConfigQuery(), location="query")
@resource.response(200, ConfigSchema())
def config(query: dict[str, Any]) -> PhoneConfig:
    """Read the configuration of a phone

    For anyone: with a token that of the caller's clinic. Without a clinic its phone is null.
    """
    key = wiring().push_key
    known = read_config(bearer_secret(), query.get("clinic"), wiring().vaults)
    return replace(known, push_key=key.public if key else None)
