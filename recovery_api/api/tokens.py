"""Tokens: a clinician signs in, an app refreshes its tokens or lets go of them."""

from typing import Any

from marshmallow import fields, validate

from recovery_api.api.auth import Call, request_proof
from recovery_api.api.fields import Instant, Words, one_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.services.credentials import LIFETIMES
from recovery_api.services.record_audit import record_audit
from recovery_api.services.refresh_token import TokenPair, end_family, refresh_token
from recovery_api.services.sign_in import LONGEST_PASSWORD, sign_in
from recovery_api.wiring import wiring

resource = Resource("Tokens", "Signing in, and staying signed in")


class StaffSignInSchema(Body):
    """What a clinician signs in with."""

    email = Words(required=True, validate=validate.Length(min=3, max=254))
    password = Words(required=True, validate=validate.Length(min=1, max=LONGEST_PASSWORD))
    totp = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}\Z"), metadata={"example": "123456"})


class StaffTokenSchema(Answer):
    """A clinician's access token."""

    access_token = fields.String(required=True)
    token_type = fields.Constant("Bearer", required=True, metadata={"type": "string"})
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds"})


class RefreshSchema(Body):
    """A refresh token to be exchanged."""

    refresh_token = Words(required=True, validate=validate.Length(min=20, max=200))


class TokenPairSchema(Answer):
    """What an app works with from now on."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(
        required=True, validate=one_of("Bearer", "DPoP"), metadata={"description": "The scheme to send it with"}
    )
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds, for the access token"})
    ends_at = Instant(
        required=True,
        metadata={"description": "When this sign-in ends, however often refreshed: ask for a new printed code before"},
    )


@resource.operation("POST", "/staff/token", "signInStaff", also=(401,))
@resource.arguments(StaffSignInSchema())
@resource.response(200, StaffTokenSchema())
def sign_in_staff(given: dict[str, str]) -> dict[str, Any]:
    """Sign a clinician in

    Password and one-time code; each code works once. Every refusal reads the same. After ten failures in a row the
    account waits for a quarter of an hour.
    """
    now = wiring().clock.now()
    signed_in = sign_in(given["email"], given["password"], given["totp"], "staff_access", wiring().vaults, now)
    return {"access_token": signed_in.secret, "expires_in": int(LIFETIMES["staff_access"].total_seconds())}


@resource.operation("POST", "/token/refresh", "refreshToken", also=(401,))
@resource.arguments(RefreshSchema())
@resource.response(200, TokenPairSchema())
def refresh(given: dict[str, str]) -> TokenPair:
    """Exchange a refresh token

    Each refresh token works once. Sent again within a minute it gives the same pair, so that an answer lost on the
    way does no harm; later it ends every token of the device. One that is bound to a key needs a proof in `DPoP`.
    """
    return refresh_token(given["refresh_token"], wiring().vaults, wiring().clock.now(), request_proof())


@resource.operation("DELETE", "/token", "endToken")
@resource.response(204)
def end(call: Call) -> None:
    """Sign this device out

    Its access and refresh tokens are worth nothing from the next call on.
    """
    end_family(call.scope.connection, call.secret)
    record_audit(call.scope, call.actor, "signed_out", ("patient", call.caller.id), call.now, call.caller.id)
