"""The web hooks for texts: an inbound text, and news of one that we sent."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, abort, request

from recovery_api.domain.errors import NotFound
from recovery_api.hooks.form_fields import is_form, read_fields
from recovery_api.hooks.inbound_form import BadForm, read_inbound, read_status
from recovery_api.hooks.raw_address import raw_path, raw_query
from recovery_api.hooks.signature import signed_by
from recovery_api.services.follow_delivery import follow_delivery
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from recovery_api.wiring import wiring

blueprint = Blueprint("hooks", __name__, url_prefix="/webhooks/twilio")

LARGEST_BODY = 64 * 1024
_CALLBACK_ID = re.compile("[0-9a-f]{64}")


@blueprint.post("/inbound")
def inbound() -> Response:
    """A patient's text. Answered with an empty response once it is committed, and never before."""
    form = read_inbound(signed_fields())
    check_account(form.account_sid)
    text = ReceivedText(
        sid=form.message_sid,
        sender=form.from_,
        number=form.to,
        body=form.body,
        media=form.media,
        cut=form.body_may_be_cut,
        carrier_word=form.opt_out_type,
    )
    try:
        receive_sms(text, wiring().vaults, wiring().clock.now())
    except NotFound:
        abort(404)
    return _done()


@blueprint.post("/status")
def status() -> Response:
    """News of a text that we sent, by the id that we gave it."""
    form = read_status(signed_fields())
    check_account(form.account_sid)
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
def refuse_form(error: BadForm) -> Response:
    """A form outside the grammar is nobody's text: a forgery, or a replay with its fields shifted."""
    return plain("refused", 403)


def signed_fields() -> Mapping[str, Sequence[str]]:
    """Every field of a request that the carrier signed; 403, 413 or 415 for anything else."""
    if (request.content_length or 0) > LARGEST_BODY:
        abort(413)
    if not is_form(request.mimetype, request.mimetype_params):
        abort(415)
    request.max_content_length = LARGEST_BODY + 1  # a body that does not say its length is cut off there
    body = request.get_data(cache=False)
    if len(body) > LARGEST_BODY:
        abort(413)
    fields = read_fields(body)
    settings = wiring().settings
    genuine = signed_by(
        settings.tokens_of(next(iter(fields.get("AccountSid", ())), "")),
        settings.public_url,
        raw_path(request.environ),
        raw_query(request.environ),
        fields,
        request.headers.get("X-Twilio-Signature"),
    )
    if not genuine:
        abort(403)
    return fields


def check_account(account_sid: str) -> None:
    """403 for a form of an account that is not ours."""
    if not wiring().settings.tokens_of(account_sid):
        abort(403)


def plain(words: str, status: int) -> Response:
    """A line for the carrier's log."""
    return Response(f"{words}\n", status, content_type="text/plain; charset=utf-8")


def _done() -> Response:
    return Response("<Response/>", content_type="text/xml")
