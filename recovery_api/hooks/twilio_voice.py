"""The web hooks for calls: somebody picked up, somebody calls us, keys were pressed, a call is over."""

from flask import Blueprint, Response, request

from recovery_api.gateways.twilio import with_overrides
from recovery_api.gateways.twilio_voice import Ask, Connect, twiml
from recovery_api.hooks.call_requests import as_xml, named_by, refuse_strangers, signed_form, step_below
from recovery_api.services.answer_call import Keys, answer_in, answer_out, hear_keys
from recovery_api.services.end_call import follow_call, follow_inbound
from recovery_api.services.place_calls import call_reference
from recovery_api.services.speak_call import Spoken
from recovery_api.wiring import wiring

blueprint = Blueprint("calls", __name__, url_prefix="/webhooks/twilio/voice")
refuse_strangers(blueprint, "no such call")

_MOST_STEPS = 1000


@blueprint.post("/answer")
def answer() -> Response:
    """A call of ours was picked up, by a person or a machine. Answered with words once that is committed."""
    form, (clinic_id, call_id) = signed_form(), named_by("c")
    parts = wiring()
    return _say(answer_out(clinic_id, call_id, form.call_sid, form.answered_by, parts.vaults, parts.clock.now()))


@blueprint.post("/inbound")
def inbound() -> Response:
    """A phone calls one of our numbers."""
    form, parts = signed_form(), wiring()
    return _say(answer_in(form.to, form.from_, form.call_sid, parts.vaults, parts.clock.now()))


@blueprint.post("/keys")
def keys() -> Response:
    """Keys, silence, or the end of an attempt to put somebody through, in answer to one step of a conversation."""
    form, (clinic_id, call_id) = signed_form(), named_by("c")
    step = step_below(_MOST_STEPS)
    parts = wiring()
    pressed = Keys(step, form.digits, form.dialed)
    return _say(hear_keys(clinic_id, call_id, form.call_sid, pressed, parts.vaults, parts.clock.now()))


@blueprint.post("/status")
def status() -> Response:
    """A call is over: one of ours by the reference that we gave it, one to us by the number that was called."""
    form, parts = signed_form(), wiring()
    now = parts.clock.now()
    if "c" in request.args:
        clinic_id, call_id = named_by("c")
        follow_call(clinic_id, call_id, form.call_sid, form.status, parts.vaults, now)
    else:
        follow_inbound(form.to, form.call_sid, form.status, parts.vaults, now)
    return as_xml("<Response/>")


def _say(spoken: Spoken) -> Response:
    reference = call_reference(spoken.clinic_id, spoken.call_id)
    action = with_overrides(f"{wiring().settings.public_url}/webhooks/twilio/voice/keys?c={reference}&n={spoken.step}")
    then: Ask | Connect | None = None
    if spoken.asked:
        then = Ask(spoken.asked, action)
    elif spoken.dial is not None:
        then = Connect(spoken.dial, action, spoken.caller_id)
    return as_xml(twiml(spoken.told, then, spoken.voice))
