"""Enrolment: a printed code and six digits make a phone the patient's; staff print the code, and sign phones out."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.auth import Call, request_proof
from recovery_api.api.fields import Instant, Words, name_like
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body, NothingSchema
from recovery_api.api.tokens import TokenPairSchema
from recovery_api.services.begin_enrolment import Challenge, begin_enrolment
from recovery_api.services.confirm_enrolment import NewDevice, confirm_enrolment
from recovery_api.services.issue_enrol_code import EnrolCode, issue_enrol_code
from recovery_api.services.keep_device import sign_out_devices
from recovery_api.services.refresh_token import TokenPair
from recovery_api.wiring import wiring

resource = Resource("Enrolment", "How a phone becomes a patient's")


class EnrolSchema(Body):
    """The code that the clinic printed."""

    code = Words(
        required=True,
        validate=validate.Length(min=1, max=64),
        metadata={"description": "Case, spaces and dashes do not count", "example": "7K2M-9QXA-4TDE-P0VW"},
    )


class ChallengeSchema(Answer):
    """What the six digits are to be sent back with."""

    challenge = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds"})


class ConfirmSchema(Body):
    """The six digits, and what the device is called."""

    challenge = Words(required=True, validate=validate.Length(min=20, max=200))
    otp = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}\Z"), metadata={"example": "123456"})
    device_name = Words(required=True, validate=name_like(), metadata={"example": "Alwine's phone"})


class EnrolledSchema(TokenPairSchema):
    """The tokens of a new device, and its id."""

    device_id = fields.UUID(
        required=True, metadata={"description": "For `/me/devices/{id}`: to be pushed to, and to sign this phone out"}
    )


class EnrolCodeSchema(Answer):
    """A code to be printed and handed over."""

    code = fields.String(required=True)
    expires_at = Instant(required=True)


@resource.operation("POST", "/enrol", "beginEnrolment")
@resource.arguments(EnrolSchema())
@resource.response(200, ChallengeSchema())
def enrol(given: dict[str, str]) -> Challenge:
    """Begin to enrol a phone

    Six digits go by text to the number that the clinic holds. Codes that nobody knows are answered alike, after the
    same time. Three times an hour for each code; the newest challenge alone is good, for ten minutes.
    """
    return begin_enrolment(given["code"], wiring().vaults, wiring().clock.now())


@resource.operation("POST", "/enrol/confirm", "confirmEnrolment", also=(401,))
@resource.arguments(ConfirmSchema())
@resource.response(200, EnrolledSchema())
def confirm(given: dict[str, str]) -> TokenPair:
    """Finish to enrol a phone

    Five tries for each challenge, and every refusal reads the same. The printed code is spent by the first success.
    With a proof in `DPoP` (RFC 9449, ES256) the tokens are bound to its key, and every use of them needs one.
    """
    device = NewDevice(given["device_name"], request_proof())
    return confirm_enrolment(given["challenge"], given["otp"], device, wiring().vaults, wiring().clock.now())


@resource.operation("POST", "/patients/<uuid:patient_id>/enrol-code", "issueEnrolCode")
@resource.arguments(NothingSchema(), required=False)
@resource.response(201, EnrolCodeSchema())
def issue(call: Call, _: dict[str, Any], patient_id: UUID) -> EnrolCode:
    """Issue an enrolment code

    Shown once, good once, for 72 hours and ten tries. It takes the place of any code issued before.
    """
    return issue_enrol_code(call.scope, patient_id, call.actor, call.now)


@resource.operation("POST", "/patients/<uuid:patient_id>/sign-out", "signOutPatient")
@resource.arguments(NothingSchema(), required=False)
@resource.response(204)
def sign_out(call: Call, _: dict[str, Any], patient_id: UUID) -> None:
    """Sign every phone of a patient out

    For a phone that was lost or copied. Tokens are worth nothing from the next call on; printed codes as well.
    """
    sign_out_devices(call.scope, patient_id, call.actor, call.now)
