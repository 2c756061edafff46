"""The web hooks for calls: somebody picked up, somebody calls us, keys were pressed, a call is over."""

import re
from uuid import UUID

from flask import Blueprint, Response, abort, request

from recovery_api.domain.errors import NotFound
from recovery_api.gateways.twilio import with_overrides
from recovery_api.gateways.twilio_voice import Ask, Connect, twiml
from recovery_api.hooks.twilio_sms import check_account, signed_fields
from recovery_api.hooks.voice_form import BadForm, VoiceForm, read_voice
from recovery_api.services.answer_call import Keys, answer_in, answer_out, hear_keys
from recovery_api.services.end_call import follow_call, follow_inbound
from recovery_api.services.place_calls import call_reference
from recovery_api.services.speak_call import Spoken
from recovery_api.wiring import wiring

blueprint = Blueprint("calls", __name__, url_prefix="/webhooks/twilio/voice")

_REFERENCE = re.compile("[0-9a-f]{64}")
_MOST_STEPS = 1000


@blueprint.post("/answer")
def answer() -> Response:
    """A call of ours was picked up, by a person or a machine. Answered with words once that is committed."""
    form, (clinic_id, call_id) = _form(), _ours()
    parts = wiring()
    return _say(answer_out(clinic_id, call_id, form.call_sid, form.answered_by, parts.vaults, parts.clock.now()))


@blueprint.post("/inbound")
def inbound() -> Response:
    """A phone calls one of our numbers."""
    form, parts = _form(), wiring()
    return _say(answer_in(form.to, form.from_, form.call_sid, parts.vaults, parts.clock.now()))


@blueprint.post("/keys")
def keys() -> Response:
    """Keys, silence, or the end of an attempt to put somebody through, in answer to one step of a conversation."""
    form, (clinic_id, call_id) = _form(), _ours()
    step = request.args.get("n", type=int)
    if step is None or not 0 <= step < _MOST_STEPS:
        abort(404)
    parts = wiring()
    pressed = Keys(step, form.digits, form.dialed)
    return _say(hear_keys(clinic_id, call_id, form.call_sid, pressed, parts.vaults, parts.clock.now()))


@blueprint.post("/status")
def status() -> Response:
    """A call is over: one of ours by the reference that we gave it, one to us by the number that was called."""
    form, parts = _form(), wiring()
    now = parts.clock.now()
    if "c" in request.args:
        clinic_id, call_id = _ours()
        follow_call(clinic_id, call_id, form.call_sid, form.status, parts.vaults, now)
    else:
        follow_inbound(form.to, form.call_sid, form.status, parts.vaults, now)
    return _xml("<Response/>")


@blueprint.errorhandler(BadForm)
def refuse_form(error: BadForm) -> tuple[str, int]:
    """A form outside the grammar is nobody's call: a forgery, or a replay with its fields shifted."""
    return "refused", 403


@blueprint.errorhandler(NotFound)
def refuse_call(error: NotFound) -> tuple[str, int]:
    """Neither a call nor a number of ours."""
    return "no such call", 404


def _form() -> VoiceForm:
    form = read_voice(signed_fields())
    check_account(form.account_sid)
    return form


def _ours() -> tuple[UUID, UUID]:
    """The clinic and the call that an address names."""
    reference = request.args.get("c", "")
    if _REFERENCE.fullmatch(reference) is None:
        abort(404)
    return UUID(reference[:32]), UUID(reference[32:])


def _say(spoken: Spoken) -> Response:
    reference = call_reference(spoken.clinic_id, spoken.call_id)
    action = with_overrides(f"{wiring().settings.public_url}/webhooks/twilio/voice/keys?c={reference}&n={spoken.step}")
    then: Ask | Connect | None = None
    if spoken.asked:
        then = Ask(spoken.asked, action)
    elif spoken.dial is not None:
        then = Connect(spoken.dial, action, spoken.caller_id)
    return _xml(twiml(spoken.told, then, spoken.voice))


def _xml(body: str) -> Response:
    return Response(body, content_type="text/xml; charset=utf-8")
