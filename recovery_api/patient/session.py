"""The session of one check-in: a cookie that is good for nothing else, and a form token bound to it."""

import hashlib
import hmac

from flask import abort, request
from werkzeug.wrappers import Response

from recovery_api.domain.errors import Unauthenticated
from recovery_api.services.credentials import LIFETIMES
from recovery_api.wiring import wiring

_PURPOSE = b"web check-in "


def cookie_name() -> str:
    """Bound to the host and to https, wherever there is https."""
    return "__Host-check-in" if _over_https() else "check-in"


def session_secret() -> str:
    """The secret of this browser's session, empty where it has none."""
    return request.cookies.get(cookie_name(), "")


def set_cookie(response: Response, secret: str) -> None:
    """Hand the session's secret to the browser, for as long as the session lasts."""
    lasts = int(LIFETIMES["web_session"].total_seconds())
    response.set_cookie(
        cookie_name(), secret, max_age=lasts, path="/", httponly=True, secure=_over_https(), samesite="Lax"
    )


def form_token() -> str:
    """What every form of the session must carry; it cannot be made without the secret in the cookie."""
    key = wiring().settings.secret_key()
    return hmac.new(key, _PURPOSE + session_secret().encode(), hashlib.sha256).hexdigest()


def check_origin() -> None:
    """Refuse a form that another site sent."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)


def check_form() -> None:
    """Refuse a form that was not ours, or that another site sent. Raises Unauthenticated where no session is left."""
    check_origin()
    if not session_secret():
        raise Unauthenticated("This page has closed.")
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), form_token().encode()):
        abort(403)


def _over_https() -> bool:
    return wiring().settings.public_url.startswith("https://")
