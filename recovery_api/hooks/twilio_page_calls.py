"""The web hooks for pages by voice: a clinician picked up, a key was pressed, the call is over."""

from flask import Blueprint, Response, request

from recovery_api.gateways.twilio import with_overrides
from recovery_api.gateways.twilio_voice import Ask, twiml
from recovery_api.hooks.call_requests import as_xml, named_by, refuse_strangers, signed_form, step_below
from recovery_api.services.answer_page_call import PageWords, follow_page_call, hear_page_key, open_page_call
from recovery_api.wiring import wiring

blueprint = Blueprint("page_calls", __name__, url_prefix="/webhooks/twilio/voice/page")
refuse_strangers(blueprint, "no such page")

_MOST_STEPS = 10


@blueprint.post("")
def answer() -> Response:
    """Somebody, or a machine, picked up."""
    form, (clinic_id, page_id) = signed_form(), named_by("p")
    return _say(open_page_call(clinic_id, page_id, form.answered_by, wiring().vaults), 0)


@blueprint.post("/keys")
def keys() -> Response:
    """A key, or silence, in answer to the question."""
    form, (clinic_id, page_id) = signed_form(), named_by("p")
    step = step_below(_MOST_STEPS)
    parts = wiring()
    return _say(hear_page_key(clinic_id, page_id, step, form.digits, parts.vaults, parts.clock.now()), step + 1)


@blueprint.post("/status")
def status() -> Response:
    """The call is over."""
    form, (clinic_id, page_id) = signed_form(), named_by("p")
    follow_page_call(clinic_id, page_id, form.status, wiring().vaults, wiring().clock.now())
    return as_xml("<Response/>")


def _say(words: PageWords, step: int) -> Response:
    hooks = f"{wiring().settings.public_url}/webhooks/twilio/voice/page"
    action = with_overrides(f"{hooks}/keys?p={request.args['p']}&n={step}")
    return as_xml(twiml(words.told, Ask(words.asked, action) if words.asked else None, words.voice))
