"""Proving who is there: at sign-in by a passkey, at a page that locked itself, and before what asks for it."""

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from recovery_api.clinic.account_page import KeptPage, ProvePage
from recovery_api.clinic.devices import device_of
from recovery_api.clinic.passkey_answers import answer_json, party
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import check_form, cookie_name, enter, form_token, own_path, set_cookie
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import NotFound, SignInRefused
from recovery_api.services.passkeys import options_to_prove
from recovery_api.services.prove_identity import (
    KeptForm,
    LockedSession,
    find_locked,
    open_form,
    prove_by_passkey,
    prove_by_words,
    sign_in_by_passkey,
)
from recovery_api.services.sign_in import Colleague
from recovery_api.wiring import wiring

blueprint = Blueprint("proofs", __name__)


@blueprint.post("/passkey/options")
def options() -> Response:
    """What the browser needs to offer a passkey: the same for everybody."""
    check_form(at_door=True)
    return answer_json(options_to_prove(party()))


@blueprint.post("/sign-in/passkey")
def by_passkey() -> Response:
    """Begin a session by a passkey alone."""
    check_form(at_door=True)
    parts, agent = wiring(), request.headers.get("User-Agent", "")
    try:
        answered = request.form.get("credential", "")
        secret = sign_in_by_passkey(answered, party(), parts.vaults, parts.clock.now(), device_of(agent))
    except SignInRefused as refused:
        return answer_json({"error": retold(refused.message)}, 401)
    response = answer_json({"next": own_path(request.form.get("next", "/worklist"))})
    set_cookie(response, secret)
    return response


@blueprint.get("/prove")
def show() -> BaseResponse:
    """Ask who is there."""
    locked = _locked()
    if locked is None:
        return redirect("/sign-in", 303)
    return _ask(ProvePage(locked.name, own_path(request.args.get("next", "/worklist"))))


@blueprint.post("/prove")
def prove() -> BaseResponse:
    """Go on with the session, by a password, a code or a passkey; a form that waited is shown, not yet sent."""
    check_form()
    locked, parts = _locked(), wiring()
    by_script, sealed = "application/json" in request.headers.get("Accept", ""), request.form.get("sealed", "")
    if locked is None:
        return answer_json({"next": "/sign-in"}, 401) if by_script else redirect("/sign-in", 303)
    form = _form_of(locked, sealed) if sealed else None
    next_path, old, now = own_path(request.form.get("next", "/worklist")), _secret(), parts.clock.now()
    try:
        if answered := request.form.get("credential", ""):
            secret = prove_by_passkey(old, answered, party(), parts.vaults, now)
        else:
            secret = prove_by_words(old, request.form.get("proof", ""), parts.vaults, now)
    except SignInRefused as refused:
        if by_script:
            return answer_json({"error": retold(refused.message)}, 401)
        return _ask(ProvePage(locked.name, next_path, sealed, refused.message), 401)
    response = _go_on(form, next_path, by_script)
    set_cookie(response, secret)
    return response


@blueprint.post("/session/alive")
def alive() -> BaseResponse:
    """Somebody is typing: the session does not go idle."""
    me = enter()
    return answer_json({}) if isinstance(me, Colleague) else answer_json({}, 401)


def _go_on(form: KeptForm | None, next_path: str, by_script: bool) -> BaseResponse:
    if form is not None:
        page = KeptPage(form.path, form.fields)
        return make_response(render_template("clinic/kept.html", page=page, csrf=form_token()))
    return answer_json({"next": next_path}) if by_script else redirect(next_path, 303)


def _form_of(locked: LockedSession, sealed: str) -> KeptForm:
    try:
        with clinic_transaction(locked.clinic_id, wiring().vaults) as scope:
            return open_form(scope, locked.session_id, sealed)
    except NotFound:
        abort(400)


def _ask(page: ProvePage, status: int = 200) -> Response:
    return make_response(render_template("clinic/prove.html", page=page, csrf=form_token()), status)


def _locked() -> LockedSession | None:
    secret = _secret()
    return find_locked(secret, wiring().vaults) if secret else None


def _secret() -> str:
    return request.cookies.get(cookie_name(), "")
