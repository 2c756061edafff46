"""Holds: a time in which nothing is sent, such as a stay in hospital, with an owner and an end."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from recovery_api.api.auth import Call
from recovery_api.api.fields import Id, Instant, one_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.services.hold_episode import REASONS, HoldRead, NewHold, hold_episode, lift_hold

resource = Resource("Holds", "Times in which nothing is sent")


class HoldSchema(Answer):
    """One hold."""

    id = fields.UUID(required=True)
    episode_id = fields.UUID(required=True)
    owner_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=one_of(*REASONS))
    begins_at = Instant(required=True)
    ends_at = Instant(required=True)


class NewHoldSchema(Body):
    """A hold from now on."""

    ends_at = Instant(
        required=True, metadata={"description": "90 days ahead at most", "example": "2026-12-01T12:00:00Z"}
    )
    reason = fields.String(validate=one_of(*REASONS), load_default="hospital")
    owner_id = Id(metadata={"description": "The clinician who answers for it; the caller if left out"})


@resource.operation("POST", "/episodes/<uuid:episode_id>/hold", "holdEpisode")
@resource.arguments(NewHoldSchema())
@resource.response(201, HoldSchema())
def hold(call: Call, given: dict[str, Any], episode_id: UUID) -> HoldRead:
    """Hold a recovery

    Nothing is sent until its end; then texts go on by themselves and a flag asks somebody to look. A hold that stands
    is replaced.
    """
    return hold_episode(call.scope, episode_id, NewHold(**given), call.actor, call.now)


@resource.operation("DELETE", "/episodes/<uuid:episode_id>/hold", "liftHold")
@resource.response(204)
def lift(call: Call, episode_id: UUID) -> None:
    """Lift a hold

    Texts go on at once. 404 where the recovery is not on hold.
    """
    lift_hold(call.scope, episode_id, call.actor, call.now)
