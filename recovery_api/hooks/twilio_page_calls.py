"""The web hooks for pages by voice: a clinician picked up, a key was pressed, the call is over."""

import re
from uuid import UUID

from flask import Blueprint, Response, abort, request

from recovery_api.domain.errors import NotFound
from recovery_api.gateways.twilio import with_overrides
from recovery_api.gateways.twilio_voice import Ask, twiml
from recovery_api.hooks.twilio_sms import check_account, signed_fields
from recovery_api.hooks.voice_form import BadForm, VoiceForm, read_voice
from recovery_api.services.answer_page_call import PageWords, follow_page_call, hear_page_key, open_page_call
from recovery_api.wiring import wiring

blueprint = Blueprint("page_calls", __name__, url_prefix="/webhooks/twilio/voice/page")

_REFERENCE = re.compile("[0-9a-f]{64}")
_MOST_STEPS = 10


@blueprint.post("")
def answer() -> Response:
    """Somebody, or a machine, picked up."""
    form, (clinic_id, page_id) = _form(), _ours()
    return _say(open_page_call(clinic_id, page_id, form.answered_by, wiring().vaults), 0)


@blueprint.post("/keys")
def keys() -> Response:
    """A key, or silence, in answer to the question."""
    form, (clinic_id, page_id) = _form(), _ours()
    step = request.args.get("n", type=int)
    if step is None or not 0 <= step < _MOST_STEPS:
        abort(404)
    parts = wiring()
    return _say(hear_page_key(clinic_id, page_id, step, form.digits, parts.vaults, parts.clock.now()), step + 1)


@blueprint.post("/status")
def status() -> Response:
    """The call is over."""
    form, (clinic_id, page_id) = _form(), _ours()
    follow_page_call(clinic_id, page_id, form.status, wiring().vaults, wiring().clock.now())
    return _xml("<Response/>")


@blueprint.errorhandler(BadForm)
def refuse_form(error: BadForm) -> tuple[str, int]:
    """A form outside the grammar is nobody's call."""
    return "refused", 403


@blueprint.errorhandler(NotFound)
def refuse_call(error: NotFound) -> tuple[str, int]:
    """No page of ours."""
    return "no such page", 404


def _form() -> VoiceForm:
    form = read_voice(signed_fields())
    check_account(form.account_sid)
    return form


def _ours() -> tuple[UUID, UUID]:
    """The clinic and the page that an address names."""
    reference = request.args.get("p", "")
    if _REFERENCE.fullmatch(reference) is None:
        abort(404)
    return UUID(reference[:32]), UUID(reference[32:])


def _say(words: PageWords, step: int) -> Response:
    hooks = f"{wiring().settings.public_url}/webhooks/twilio/voice/page"
    action = with_overrides(f"{hooks}/keys?p={request.args['p']}&n={step}")
    return _xml(twiml(words.told, Ask(words.asked, action) if words.asked else None, words.voice))


def _xml(body: str) -> Response:
    return Response(body, content_type="text/xml; charset=utf-8")
