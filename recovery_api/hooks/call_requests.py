"""What every web hook about a call begins and ends with: a signed form, what its address names, and words as XML."""

import re
from uuid import UUID

from flask import Blueprint, Response, abort, request

from recovery_api.domain.errors import NotFound
from recovery_api.hooks.twilio_sms import check_account, plain, signed_fields
from recovery_api.hooks.voice_form import BadForm, VoiceForm, read_voice

_REFERENCE = re.compile("[0-9a-f]{64}")


def signed_form() -> VoiceForm:
    """The form, signed for our account. Raises BadForm; ends the request where the signature does not fit."""
    form = read_voice(signed_fields())
    check_account(form.account_sid)
    return form


def named_by(parameter: str) -> tuple[UUID, UUID]:
    """The clinic and the row that the address names; ends the request with a 404 where it names none."""
    reference = request.args.get(parameter, "")
    if _REFERENCE.fullmatch(reference) is None:
        abort(404)
    return UUID(reference[:32]), UUID(reference[32:])


def step_below(most: int) -> int:
    """The step of the conversation that the address names; ends the request with a 404 where there is none such."""
    step = request.args.get("n", type=int)
    if step is None or not 0 <= step < most:
        abort(404)
    return step


def as_xml(body: str) -> Response:
    """What the carrier is to do next."""
    return Response(body, content_type="text/xml; charset=utf-8")


def refuse_strangers(blueprint: Blueprint, nothing: str) -> None:
    """A form outside the grammar is a forgery, or a replay with its fields shifted; `nothing` says what is not here."""
    blueprint.register_error_handler(BadForm, lambda _: plain("refused", 403))
    blueprint.register_error_handler(NotFound, lambda _: plain(nothing, 404))
