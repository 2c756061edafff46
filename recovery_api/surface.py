"""What every answer outside the API carries, and what a caller sees when something cannot be done."""

import psycopg
from flask import Flask, Response, abort, render_template, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from recovery_api.api.headers import add_missing, by_lower_case, is_api_request
from recovery_api.api.problems import answer_error
from recovery_api.clinic.problem_page import ProblemPage
from recovery_api.hooks.form_fields import BadForm, is_form, read_fields
from recovery_api.logs import warn
from recovery_api.patience import LONGEST_WAIT, begin_patience, end_patience

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types default"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": CONTENT_POLICY,
}
_MISSING = by_lower_case(HEADERS)
RETRY_SECONDS = 5
LARGEST_FORM = 64 * 1024
LARGEST_FILE = 256 * 1024
FILE_PATHS = ("/enrol/import",)  # the forms that carry a file
_WORDS = {
    400: ("That request makes no sense", "Go back and try again."),
    403: (
        "This is not open to you",
        "Your role does not allow it. Or the form has grown old: then load the page again.",
    ),
    404: ("There is nothing here", "It may have moved, or belong to another clinic."),
    405: ("That cannot be done here", ""),
    413: (
        "That is too much at once",
        "A form may hold 64 KB; a file of patients 256 KB and 100 rows. Part it, and send one part after the other.",
    ),
    415: ("That is no form of ours", "Load the page again and fill in its form."),
    503: ("The database cannot be reached", "Nothing was lost. Try again in a moment, and use the phone meanwhile."),
}
_SLOW_PATHS = ("/demo/",)  # a story of the demo plays for as long as it takes
_OPEN_PATHS = ("/webhooks/", "/healthz", "/readyz", "/metrics")


def protect(app: Flask) -> None:
    """Add the headers, the limits and the answers to errors."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    app.config["MAX_FORM_PARTS"] = 256
    app.before_request(_begin_patience)
    app.before_request(_check_form)
    app.teardown_request(_end_patience)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(InterfaceError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(psycopg.OperationalError, _database_away)
    app.register_error_handler(psycopg.InterfaceError, _database_away)


def _begin_patience() -> None:
    if not request.path.startswith(_SLOW_PATHS):
        begin_patience(LONGEST_WAIT)


def _check_form() -> None:
    """Refuse what no browser makes of a form of ours, before anybody reads it. Hooks and API look for themselves."""
    if request.method != "POST" or is_api_request() or request.path.startswith(_OPEN_PATHS):
        return
    if request.path in FILE_PATHS and request.mimetype == "multipart/form-data":
        _check_file_form()
        return
    if (request.content_length or 0) > LARGEST_FORM:
        abort(413)
    if not is_form(request.mimetype, request.mimetype_params) or request.content_encoding:
        abort(415)
    request.max_content_length = LARGEST_FORM + 1  # a body that does not say its length is cut off there, and refused
    try:
        fields = read_fields(request.get_data())
    except BadForm as refused:
        abort(413 if refused.reason.startswith("too_") else 400)
    if any(len(values) > 1 or "\x00" in name + values[0] for name, values in fields.items()):
        abort(400)


def _check_file_form() -> None:
    """The same for a form that carries a file."""
    request.max_content_length = request.max_form_memory_size = LARGEST_FILE
    if (request.content_length or 0) > LARGEST_FILE:
        abort(413)
    if any(len(values) > 1 or "\x00" in name for name, values in request.form.lists()) or len(request.files) > 1:
        abort(400)


def _end_patience(_: BaseException | None) -> None:
    end_patience()


def _add_headers(response: Response) -> Response:
    add_missing(response.headers, _MISSING)
    if request.path.rpartition("/")[2].endswith((".css", ".js", ".woff2", ".svg")) and response.status_code < 400:
        response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _refuse(error: HTTPException) -> Response:
    if is_api_request():
        return answer_error(error)
    status = error.code or 500
    response = _said(status)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _database_away(error: Exception) -> Response:
    """The database is away or too busy: nothing was acknowledged, and the caller may come again."""
    warn("database.away", error=type(error).__name__, route=request.endpoint or "")
    response = _said(503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _said(status: int) -> Response:
    title, detail = _WORDS.get(status, ("That did not work", "It was written down. Try again."))
    if request.path.startswith(_OPEN_PATHS):
        return Response(f"{title}\n", status, content_type="text/plain; charset=utf-8")
    page = ProblemPage(status, title, detail)
    return Response(render_template("clinic/problem.html", page=page, csrf=""), status)
