"""Signing in and out, and setting up an account by its one-time link."""

import secrets
from math import ceil
from urllib.parse import quote

import pyotp
from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.caller_address import caller_address
from recovery_api.clinic.cookie_names import over_https
from recovery_api.clinic.devices import device_of
from recovery_api.clinic.door_page import DemoStaff, SetUpPage, SignInPage
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import (
    check_form,
    clear_cookie,
    cookie_name,
    form_seed,
    form_token,
    own_path,
    set_cookie,
    visit_cookie,
)
from recovery_api.clinic.tongue import gettext as _
from recovery_api.domain.errors import Invalid, NotAllowed, NotFound, TooMany
from recovery_api.services.add_clinic import finish_set_up, open_set_up
from recovery_api.services.count_knock import count_knock
from recovery_api.services.demo_staff import demo_log_ins
from recovery_api.services.sign_in import sign_in, sign_out
from recovery_api.wiring import wiring

blueprint = Blueprint("doors", __name__)


@blueprint.get("/")
def front_door() -> Response:
    """The worklist is the front page."""
    return redirect("/worklist", 302)


@blueprint.get("/sign-in")
def show_sign_in() -> Response:
    """The sign-in form."""
    return _form(SignInPage(next_path=own_path(request.args.get("next", "/worklist")), demo_staff=_demo_staff()))


@blueprint.post("/sign-in")
def do_sign_in() -> Response:
    """Check both factors and begin a session."""
    check_form(at_door=True)
    parts, email = wiring(), request.form.get("email", "")
    next_path = own_path(request.form.get("next", "/worklist"))
    try:
        count_knock(caller_address(parts.settings.proxy_hops), parts.settings.knocks_a_minute, parts.vaults)
        return _enter(email, next_path)
    except NotAllowed as refused:
        return _form(SignInPage(email, refused.message, next_path, _demo_staff()), 401)
    except TooMany as refused:
        said = _("Too many tries from here. Wait a minute.")
        response = _form(SignInPage(email, said, next_path, _demo_staff()), 429)
        response.headers["Retry-After"] = str(max(ceil(refused.wait), 1))
        return response


def _enter(email: str, next_path: str) -> Response:
    """A session by the password and the code of this form. Raises NotAllowed."""
    parts, device = wiring(), device_of(request.headers.get("User-Agent", ""))
    signed_in = sign_in(
        email, request.form.get("password", ""), _code(), "session", parts.vaults, parts.clock.now(), device
    )
    response = redirect(next_path, 303)
    set_cookie(response, signed_in.secret)
    return response


def _code() -> str:
    return request.form.get("totp", "").replace(" ", "")


@blueprint.post("/sign-out")
def do_sign_out() -> Response:
    """End the session here and in the database."""
    check_form()
    sign_out(request.cookies.get(cookie_name(), ""))
    response = redirect("/sign-in", 303)
    clear_cookie(response)
    return response


@blueprint.get("/set-up/<token>")
def show_set_up(token: str) -> Response:
    """The page behind a one-time link."""
    return _set_up(token, {})


@blueprint.post("/set-up/<token>")
def do_set_up(token: str) -> Response:
    """Choose a password and prove the second factor; both begin a session."""
    check_form(at_door=True)
    password = request.form.get("password", "")
    if password != request.form.get("password_again", ""):
        return _set_up(token, {"password_again": _("The two passwords differ.")}, 422)
    parts = wiring()
    try:
        email = finish_set_up(token, password, _code(), parts.vaults, parts.clock.now())
    except Invalid as refused:
        return _set_up(token, {refused.field or "password": _("This %(said)s.", said=retold(refused.message))}, 422)
    except NotFound:
        abort(404)
    try:
        return _enter(email, "/worklist")
    except NotAllowed:  # the code ran out meanwhile
        return redirect(f"/sign-in?next={quote('/worklist')}", 303)


def _set_up(token: str, errors: dict[str, str], status: int = 200) -> Response:
    try:
        shown = open_set_up(token, wiring().vaults)
    except NotFound:
        abort(404)
    uri = pyotp.TOTP(shown.totp_secret).provisioning_uri(name=shown.email, issuer_name=shown.clinic_name)
    page = SetUpPage(token, shown.clinic_name, shown.name, shown.email, shown.totp_secret, uri, errors)
    return _with_visit("clinic/set_up.html", page, status)


def _form(page: SignInPage, status: int = 200) -> Response:
    return _with_visit("clinic/sign_in.html", page, status)


def _with_visit(template: str, page: SignInPage | SetUpPage, status: int) -> Response:
    """A form for somebody without a session: a throw-away cookie binds its token to this browser."""
    if form_seed():
        return make_response(render_template(template, page=page, csrf=form_token()), status)
    visit = secrets.token_urlsafe(16)
    response = make_response(render_template(template, page=page, csrf=form_token(visit)), status)
    response.set_cookie(visit_cookie(), visit, path="/", httponly=True, samesite="Strict", secure=over_https())
    return response


def _demo_staff() -> tuple[DemoStaff, ...]:
    settings = wiring().settings
    if settings.env != "demo":
        return ()
    return tuple(
        DemoStaff(one.email, one.password, pyotp.TOTP(one.totp_secret).now()) for one in demo_log_ins(settings.run_dir)
    )
