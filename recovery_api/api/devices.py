"""Devices: where a patient's phone is reached by push, and how it is signed out."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.fields import Instant, Words, name_like, one_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body, NothingSchema
from recovery_api.services.keep_device import (
    LONGEST_PUSH_TOKEN,
    PLATFORMS,
    DeviceRead,
    put_device,
    remove_device,
)
from recovery_api.services.read_pushes import mark_pushes_read
from recovery_api.wiring import wiring

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


@resource.operation("PUT", "/me/devices/<uuid:device_id>", "putMyDevice")
@resource.arguments(PushSchema())
@resource.response(200, DeviceSchema())
def put(call: Call, given: dict[str, Any], device_id: UUID) -> DeviceRead:
    """Say where a device is reached by push

    By the id that enrolment gave: with any other one, removing the device ends its pushes and no token. The token is
    stored sealed.
    """
    push = (given["platform"], given["token"])
    local = not wiring().settings.in_production
    return put_device(call.scope, call.caller.id, device_id, push, given.get("name"), call.now, allow_local=local)


@resource.operation("DELETE", "/me/devices/<uuid:device_id>", "removeMyDevice")
@resource.response(204)
def remove(call: Call, device_id: UUID) -> None:
    """Forget a device

    Nothing is pushed to it any more, and the tokens that it enrolled with are worth nothing from the next call on.
    """
    remove_device(call.scope, call.caller.id, device_id, call.actor, call.now)


@resource.operation("POST", "/me/pushes:read", "readMyPushes")
@resource.arguments(NothingSchema(), required=False)
@resource.response(204)
def read_pushes(call: Call, _: dict[str, Any]) -> None:
    """Say that a person opened the app

    What was pushed is read, and its texts do not leave. Send it when a person looks, never from the background: a
    push that nobody reads within half an hour is followed by a text.
    """
    mark_pushes_read(call.scope, call.caller.id, call.now)
