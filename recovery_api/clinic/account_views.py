"""A clinician's own account: where they are signed in, their passkeys and their recovery codes."""

from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    get_flashed_messages,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as BaseResponse

from recovery_api.clinic.account_page import AccountPage
from recovery_api.clinic.audit_views import READERS as AUDIT_READERS
from recovery_api.clinic.passkey_answers import answer_json, party
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import CLINICAL_ROLES, clear_cookie, colleague, form_token, freshly_proved, on_staff
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.tongue import ngettext
from recovery_api.clock import real_now
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import Conflict, NotFound, SignInRefused
from recovery_api.services.log_in_sessions import end_sessions, list_sessions
from recovery_api.services.passkeys import add_passkey, list_passkeys, options_to_add, remove_passkey
from recovery_api.services.record_audit import Actor
from recovery_api.services.recovery_codes import codes_left, make_codes
from recovery_api.wiring import wiring

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@on_staff
def account() -> Response:
    """Sessions, passkeys and recovery codes."""
    return _page()


@blueprint.post("/account/sessions/end")
@on_staff
def end_all() -> BaseResponse:
    """End every other session."""
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        ended = end_sessions(scope, me.id, _actor(), wiring().clock.now(), but=me.session_id)
    flash(ngettext("1 other session ended.", "%(num)s other sessions ended.", ended))
    return redirect("/account", 303)


@blueprint.post("/account/sessions/<uuid:session_id>/end")
@on_staff
def end_one(session_id: UUID) -> BaseResponse:
    """End one session; ending this one signs out."""
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        ended = end_sessions(scope, me.id, _actor(), wiring().clock.now(), only=session_id)
    if not ended:
        abort(404)
    if session_id == me.session_id:
        response = redirect("/sign-in", 303)
        clear_cookie(response)
        return response
    flash(_("The session ended."))
    return redirect("/account", 303)


@blueprint.post("/account/codes")
@on_staff
@freshly_proved
def codes() -> Response:
    """Make ten recovery codes and show them, once."""
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        made = make_codes(scope, me.id, wiring().clock.now())
    return _page(made)


@blueprint.post("/account/passkeys/options")
@on_staff
@freshly_proved
def passkey_options() -> Response:
    """What the browser needs to make a passkey."""
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        return answer_json(options_to_add(scope, party(), me.id, me.name))


@blueprint.post("/account/passkeys")
@on_staff
@freshly_proved
def add() -> Response:
    """Keep the passkey that the browser made."""
    me = colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            answered, name = request.form.get("credential", ""), request.form.get("name", "")
            add_passkey(scope, party(), me.id, answered, name, wiring().clock.now())
    except (SignInRefused, Conflict) as refused:
        return answer_json({"error": retold(refused.message)}, 422)
    flash(_("The passkey was added. Next time it signs you in by itself."))
    return answer_json({"next": "/account"})


@blueprint.post("/account/passkeys/<uuid:passkey_id>/remove")
@on_staff
@freshly_proved
def remove(passkey_id: UUID) -> BaseResponse:
    """A passkey opens nothing from now on."""
    me = colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            remove_passkey(scope, me.id, passkey_id, wiring().clock.now())
    except NotFound:
        abort(404)
    flash(_("The passkey was removed."))
    return redirect("/account", 303)


def _page(fresh: tuple[str, ...] = ()) -> Response:
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        page = AccountPage(
            name=me.name,
            clinic_name=scope.name,
            is_clinical=me.role in CLINICAL_ROLES,
            reads_audit=me.role in AUDIT_READERS,
            now=real_now(),
            zone=scope.zone,
            sessions=list_sessions(scope, me.id, me.session_id),
            passkeys=list_passkeys(scope, me.id),
            codes_left=codes_left(scope, me.id),
            fresh_codes=fresh,
            notice=" ".join(map(str, get_flashed_messages(category_filter=["message"]))),
        )
    return make_response(render_template("clinic/account.html", page=page, csrf=form_token()))


def _actor() -> Actor:
    me = colleague()
    return Actor("clinician", me.id, me.role)
