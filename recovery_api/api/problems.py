"""Problems: one table from errors to answers of RFC 9457, with a stable code and a title in the caller's language."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

import psycopg
from flask import Response, jsonify, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from recovery_api.api.headers import request_id, stamp
from recovery_api.api.refusals import AppTooOld, BadJson, FieldError, InvalidFields, NotJson, VersionMissing
from recovery_api.domain.errors import (
    Conflict,
    Invalid,
    KeyReused,
    NotAllowed,
    NotFound,
    PrivateWords,
    ProofRefused,
    RecoveryError,
    SignInRefused,
    StaleVersion,
    StillInFlight,
    TooMany,
    Unauthenticated,
)
from recovery_api.logs import warn

_DATABASE_AWAY = (
    OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError,
)  # fmt: skip
MEDIA_TYPE = "application/problem+json"
LANGUAGES = ("en", "es")
RETRY_SECONDS = 5
STATUSES: Mapping[type[RecoveryError], int] = {
    BadJson: 400,
    Unauthenticated: 401,
    ProofRefused: 401,
    SignInRefused: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    StillInFlight: 409,
    StaleVersion: 412,
    NotJson: 415,
    Invalid: 422,
    PrivateWords: 422,
    InvalidFields: 422,
    KeyReused: 422,
    AppTooOld: 426,
    VersionMissing: 428,
    TooMany: 429,
}
_HTTP_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "not_json"}
TITLES: Mapping[str, tuple[str, str]] = {
    "bad_json": ("The body cannot be read", "No se puede leer el contenido"),
    "bad_request": ("The request cannot be read", "No se puede leer la solicitud"),
    "unauthenticated": ("Please sign in again", "Vuelva a identificarse"),
    "sign_in_refused": ("You could not be signed in", "No se pudo iniciar la sesión"),
    "proof_refused": ("The proof of the key is not right", "La prueba de la clave no es correcta"),
    "not_allowed": ("Your role does not allow this", "Su función no permite esto"),
    "not_found": ("There is no such thing", "No existe"),
    "method_not_allowed": ("This cannot be done here", "Esto no se puede hacer aquí"),
    "conflict": ("This does not fit what is stored", "No concuerda con lo guardado"),
    "still_in_flight": ("The first request is still being answered", "La primera solicitud aún está en curso"),
    "stale_version": ("Somebody else changed it first", "Otra persona lo cambió antes"),
    "too_large": ("The body is too large", "El contenido es demasiado grande"),
    "not_json": ("The body must be JSON", "El contenido debe ser JSON"),
    "invalid": ("Some fields are not right", "Algunos campos no son correctos"),
    "private_words": (
        "A text may carry no name, diagnosis or procedure",
        "Un mensaje no puede llevar nombre, diagnóstico ni procedimiento",
    ),
    "idempotency_key_reused": ("This key was used for another request", "Esta clave ya se usó en otra solicitud"),
    "app_too_old": ("Please update the app", "Actualice la aplicación"),
    "version_missing": ("Say which version you saw", "Indique qué versión vio"),
    "too_many": ("Please wait a moment", "Espere un momento"),
    "unavailable": ("Please try again in a moment", "Inténtelo de nuevo en un momento"),
    "failed": ("Something went wrong here", "Algo falló aquí"),
}
PROBLEM_STATUSES: Mapping[str, int] = {
    **{code: status for status, code in _HTTP_CODES.items()},
    **{kind.code: status for kind, status in STATUSES.items()},
    "unavailable": 503,
    "failed": 500,
}


def answer_error(error: Exception) -> Response:
    """The problem that an error becomes; an unforeseen one is logged by its place, and tells the caller nothing."""
    if isinstance(error, RecoveryError):
        return _answer_refusal(error)
    if isinstance(error, HTTPException):
        return _answer_http(error)
    if isinstance(error, _DATABASE_AWAY):
        return unavailable(type(error).__name__)
    frames = reversed(traceback.extract_tb(error.__traceback__)[-4:])
    place = " < ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
    kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
    warn("api.failed", request_id=request_id(), route=request.endpoint or "", error=kind, reason=place)
    return problem(500, "failed", "It was written down. Try again.")


def status_of(error: RecoveryError) -> int:
    """The status of a refusal; 500 for what no caller can mend."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def unavailable(why: str) -> Response:
    """The database is away or too busy: nothing was acknowledged, and the caller may come again."""
    warn("database.away", request_id=request_id(), error=why, route=request.endpoint or "")
    return problem(503, "unavailable", "Nothing was stored. Try again.", headers={"Retry-After": str(RETRY_SECONDS)})


def _answer_refusal(error: RecoveryError) -> Response:
    status = status_of(error)
    if status == 500:
        warn("api.failed", request_id=request_id(), route=request.endpoint or "", error=type(error).__name__)
        return problem(500, "failed", "It was written down. Try again.")
    errors: Sequence[FieldError] = ()
    if isinstance(error, InvalidFields):
        errors = error.errors
    elif error.field is not None or status == 422:
        errors = (FieldError(error.field or "", error.code, error.message),)
    headers = {401: {"WWW-Authenticate": 'Bearer realm="recovery"'}}.get(status, {})
    if isinstance(error, ProofRefused):
        headers = {"WWW-Authenticate": 'DPoP error="invalid_dpop_proof", algs="ES256"'}
    if isinstance(error, StillInFlight):
        headers = {"Retry-After": "1"}
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(max(ceil(error.wait), 1))}
    return problem(status, error.code, error.message, errors, headers)


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return problem(500, "failed", "It was written down. Try again.")
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    return problem(status, _HTTP_CODES.get(status, "bad_request"), error.name, headers=headers)


def problem(
    status: int,
    code: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem as a response."""
    language = request.accept_languages.best_match(LANGUAGES, "en")
    answer = jsonify(
        type=f"/api/v1/docs#{code}",
        title=TITLES[code][LANGUAGES.index(language)],
        status=status,
        code=code,
        detail=detail,
        errors=[{"field": one.field, "code": one.code, "message": one.message} for one in errors],
        request_id=request_id(),
    )
    answer.status_code = status
    answer.content_type = MEDIA_TYPE
    answer.headers["Content-Language"] = language
    answer.headers.extend(headers or {})
    return stamp(answer)


_FIELD_CODES = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown",
    "Field may not be null.": "null",
}


def field_errors(messages: Any, field: str = "") -> Iterator[FieldError]:
    """What a schema found, a line a field; list items by their place."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            name = "" if key == "_schema" else str(key)
            yield from field_errors(inner, ".".join(part for part in (field, name) if part))
    elif isinstance(messages, list):
        for message in messages:
            yield from field_errors(message, field)
    else:
        yield FieldError(field, _FIELD_CODES.get(str(messages), "invalid"), str(messages))
