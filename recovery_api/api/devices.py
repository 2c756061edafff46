"""Devices: where a patient's phone is reached by push, and how it is signed out."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.fields import Instant, Words, name_like, one_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.services.keep_device import (
    LONGEST_PUSH_TOKEN,
    PLATFORMS,
    DeviceRead,
    put_device,
    remove_device,
)

resource = Resource("Devices", "Where a patient is reached by push")


class PushSchema(Body):
    """Where a device is reached."""

    platform = fields.String(required=True, validate=one_of(*PLATFORMS))
    token = Words(
        required=True,
        validate=validate.Length(min=8, max=LONGEST_PUSH_TOKEN),
        metadata={"description": "The push token; for `webpush` the subscription as JSON text"},
    )
    name = Words(validate=name_like())


class DeviceSchema(Answer):
    """A device; its push token is never told again."""

    id = fields.UUID(required=True)
    platform = fields.String(required=True, validate=one_of(*PLATFORMS))
    name = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)


@resource.operation("PUT", "/me/devices/<uuid:own_id>", "putMyDevice")
@resource.arguments(PushSchema())
@resource.response(200, DeviceSchema())
def put(call: Call, given: dict[str, Any], own_id: UUID) -> DeviceRead:
    """Say where a device is reached by push

    The app makes the id, once for each installation. The token is stored sealed.
    """
    push = (given["platform"], given["token"])
    return put_device(call.scope, call.caller.id, own_id, push, given.get("name"), call.now)


@resource.operation("DELETE", "/me/devices/<uuid:device_id>", "removeMyDevice")
@resource.response(204)
def remove(call: Call, device_id: UUID) -> None:
    """Forget a device

    Nothing is pushed to it any more, and the tokens that it enrolled with are worth nothing from the next call on.
    """
    remove_device(call.scope, call.caller.id, device_id, call.actor, call.now)
