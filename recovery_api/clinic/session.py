"""The clinician's log-in session on the pages: a cookie of its own, and a form token bound to it."""

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import quote

from flask import Response, abort, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from recovery_api.clinic.account_page import ProvePage
from recovery_api.clinic.cookie_names import host_bound, over_https
from recovery_api.clinic.frame import Proof
from recovery_api.clinic.process_words import process_word
from recovery_api.clinic.retold import retold
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clock import real_now
from recovery_api.db import clinic_transaction
from recovery_api.services.at_work import AtWork, find_at_work
from recovery_api.services.keep_watch import WORDS
from recovery_api.services.log_in_sessions import seed_of
from recovery_api.services.look_in_emergency import may_look
from recovery_api.services.prove_identity import LockedSession, find_locked, is_fresh, seal_form
from recovery_api.services.sign_in import Colleague
from recovery_api.wiring import wiring

P = ParamSpec("P")
CLINICAL_ROLES = ("nurse", "clinician", "lead")
MOST_KEPT = 16 * 1024  # characters of a form that is kept while its sender proves who they are


def cookie_name() -> str:
    """Bound to the host and to https, wherever there is https."""
    return host_bound("session")


def visit_cookie() -> str:
    """The cookie of a browser without a session, which its forms hang on."""
    return host_bound("visit")


def set_cookie(response: BaseResponse, secret: str) -> None:
    """Hand the session's secret to the browser."""
    response.set_cookie(cookie_name(), secret, path="/", httponly=True, secure=over_https(), samesite="Strict")


def clear_cookie(response: BaseResponse) -> None:
    """Take the secret back, and everything else that the browser kept of us."""
    response.delete_cookie(cookie_name(), path="/", httponly=True, secure=over_https(), samesite="Strict")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def form_seed() -> str:
    """The part of this browser's own cookie that stays while a session lasts."""
    return seed_of(request.cookies.get(cookie_name(), "")) or request.cookies.get(visit_cookie(), "")


def form_token(seed: str = "") -> str:
    """What every form must carry: it cannot be made without the secret in this browser's own cookie."""
    secret = seed or form_seed()
    return hmac.new(wiring().settings.secret_key(), secret.encode(), hashlib.sha256).hexdigest()


def check_form(*, at_door: bool = False) -> None:
    """Refuse a form that was not ours, or that another site sent; without a cookie of ours none can be ours.

    `at_door` the token of a visit is good beside a session: a link of another site brings no session along.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    given, seeds = request.form.get("csrf", "").encode(), [form_seed()]
    if at_door:
        seeds.append(request.cookies.get(visit_cookie(), ""))
    if not any(seed and hmac.compare_digest(given, form_token(seed).encode()) for seed in seeds):
        abort(403)


def colleague() -> Colleague:
    """The clinician whose page this is."""
    me: Colleague = g.colleague
    return me


def signed_in(view: Callable[P, Any]) -> Callable[P, Any]:
    """Let only clinicians with a session in; everybody else signs in first. Forms are checked here too."""
    return open_to(*CLINICAL_ROLES)(view)


def open_to(*roles: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let only some roles in, with a session and a form that was checked; the view carries them as `roles`."""

    def guard(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            me = enter()
            if not isinstance(me, Colleague):
                return me
            if me.role not in roles and not _looks_in_emergency(me):
                abort(403)
            g.degraded, g.proof = degraded_words(), proof_of()
            return view(*args, **kwargs)

        guarded.__dict__["roles"] = frozenset(roles)
        return guarded

    return guard


def _looks_in_emergency(me: Colleague) -> bool:
    """Whether somebody whose role opens no charts reads the one that was opened for this hour."""
    patient_id = (request.view_args or {}).get("patient_id")
    if request.method != "GET" or request.endpoint != "patients.patient" or patient_id is None:
        return False
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        return may_look(scope, me.id, patient_id, wiring().clock.now())


def enter() -> Colleague | BaseResponse:
    """Who is at work here, with the form checked; else what leads back in: a proof, or the sign-in page."""
    secret = request.cookies.get(cookie_name(), "")
    me = _find(secret) if secret else None
    if me is None:
        return _to_proof(secret) or _to_sign_in()
    g.colleague = me
    if request.method == "POST":
        check_form()
    return me


def on_staff(view: Callable[P, Any]) -> Callable[P, Any]:
    """Let anybody of the staff in, whatever their role: for pages that show nothing of a patient."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        me = enter()
        return view(*args, **kwargs) if isinstance(me, Colleague) else me

    return guarded


def freshly_proved(view: Callable[P, Any]) -> Callable[P, Any]:
    """Ask for a proof of who is there, unless one was given within five minutes. It goes under the other guards."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        if is_fresh(colleague().proved_at):
            return view(*args, **kwargs)
        locked = find_locked(request.cookies.get(cookie_name(), ""), wiring().vaults)
        return _to_sign_in() if locked is None else ask_for_proof(locked)

    return guarded


def _to_proof(secret: str) -> BaseResponse | None:
    """A session that went idle is locked: its holder proves who they are, and what stood in a form is kept."""
    locked = find_locked(secret, wiring().vaults) if secret else None
    if locked is None or request.headers.get("HX-Request"):
        return None
    if request.method == "POST":
        check_form()
    return ask_for_proof(locked)


def ask_for_proof(locked: LockedSession) -> BaseResponse:
    """The way to the page that asks; a form goes along in it, sealed."""
    if request.method == "GET":
        return redirect(f"/prove?next={quote(request.full_path.rstrip('?'))}", 303)
    fields = {name: value for name, value in request.form.items() if name != "csrf"}
    if request.files or sum(map(len, fields.values())) > MOST_KEPT:
        return redirect(f"/prove?next={quote(request.path)}", 303)
    with clinic_transaction(locked.clinic_id, wiring().vaults) as scope:
        sealed = seal_form(scope, locked.session_id, request.path, fields)
    page = ProvePage(locked.name, request.path, sealed)
    return make_response(render_template("clinic/prove.html", page=page, csrf=form_token()), 401)


def _find(secret: str) -> Colleague | None:
    polled = request.headers.get("HX-Request") == "true" and request.method == "GET"
    g.at_work = found = find_at_work(secret, wiring().vaults, is_active=not polled)
    return found.colleague if found else None


def degraded_words() -> str:
    """What a clinician must know when part of the product does not run; nothing while all of it does."""
    seen: AtWork = g.at_work
    troubles = [process_word(check.name) for check in seen.checks if check.trouble]
    silent = [one for one in seen.watches if one.kind == "replies" and one.trouble]
    troubles += [WORDS[one.kind] for one in seen.watches if one not in silent and not one.is_well(real_now())]
    said = [_("No replies at all for 2 hours: check texting.")] if silent else []
    if troubles:
        what = ", ".join(map(retold, troubles))
        said.append(_("Monitoring degraded: %(what)s. Flags may come late.", what=what))
    return " ".join(said)


def proof_of() -> Proof | None:
    """The last trial of the whole road: when it passed, and whether that is lately enough; None before the first."""
    seen: AtWork = g.at_work
    trial = next((one for one in seen.watches if one.kind == "trial"), None)
    if trial is None or (trial.sound_at is None and trial.trouble is None):
        return None
    return Proof(trial.sound_at, trial.is_well(real_now()))


def _to_sign_in() -> BaseResponse:
    if request.headers.get("HX-Request"):
        return Response(status=401)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/worklist"
    return redirect(f"/sign-in?next={quote(wanted)}", 303)


def own_path(path: str) -> str:
    """A path of ours to go on to; anything that leads elsewhere becomes the worklist."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path
    return path if plain and path.isprintable() else "/worklist"
