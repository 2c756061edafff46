"""The web hooks for texts: an inbound text, and news of one that we sent."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, abort, request

from recovery_api.domain.errors import NotFound
from recovery_api.hooks.form_fields import read_fields
from recovery_api.hooks.inbound_form import BadForm, read_inbound, read_status
from recovery_api.hooks.signature import signed_by
from recovery_api.services.follow_delivery import follow_delivery
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from recovery_api.wiring import wiring

blueprint = Blueprint("hooks", __name__, url_prefix="/webhooks/twilio")

LARGEST_BODY = 64 * 1024
_CALLBACK_ID = re.compile("[0-9a-f]{64}")
_FORM = "application/x-www-form-urlencoded"


@blueprint.post("/inbound")
def inbound() -> Response:
    """A patient's text. Answered with an empty response once it is committed, and never before."""
    form = read_inbound(_signed_fields())
    _check_account(form.account_sid)
    text = ReceivedText(
        sid=form.message_sid,
        sender=form.from_,
        number=form.to,
        body=form.body,
        media=form.media,
        cut=form.body_may_be_cut,
    )
    try:
        receive_sms(text, wiring().vaults, wiring().clock.now())
    except NotFound:
        abort(404)
    return _done()


@blueprint.post("/status")
def status() -> Response:
    """News of a text that we sent, by the id that we gave it."""
    form = read_status(_signed_fields())
    _check_account(form.account_sid)
    ours = request.args.get("m", "")
    if _CALLBACK_ID.fullmatch(ours) is None:
        abort(404)
    clinic_id, message_id = UUID(ours[:32]), UUID(ours[32:])
    parts = wiring()
    try:
        follow_delivery(
            clinic_id, message_id, form.message_sid, form.status, form.error_code, parts.vaults, parts.clock.now()
        )
    except NotFound:
        abort(404)
    return _done()


@blueprint.errorhandler(BadForm)
def refuse_form(error: BadForm) -> tuple[str, int]:
    """A form outside the grammar is nobody's text: a forgery, or a replay with its fields shifted."""
    return "refused", 403


def _signed_fields() -> Mapping[str, Sequence[str]]:
    """Every field of a request that the carrier signed; 403, 413 or 415 for anything else."""
    if (request.content_length or 0) > LARGEST_BODY:
        abort(413)
    if request.mimetype != _FORM:
        abort(415)
    request.max_content_length = LARGEST_BODY
    fields = read_fields(request.get_data(cache=False))
    settings = wiring().settings
    genuine = signed_by(
        settings.twilio_auth_tokens,
        settings.public_url,
        request.path,
        request.environ.get("QUERY_STRING", ""),
        fields,
        request.headers.get("X-Twilio-Signature"),
    )
    if not genuine:
        abort(403)
    return fields


def _check_account(account_sid: str) -> None:
    if account_sid != wiring().settings.twilio_account_sid:
        abort(403)


def _done() -> Response:
    return Response("<Response/>", content_type="text/xml")
