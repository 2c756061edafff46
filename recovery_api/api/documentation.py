"""What the OpenAPI document says of every operation alike: who may call it, its headers, and its problems."""

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from marshmallow import fields

from recovery_api.api import app_versions
from recovery_api.api.calls import BINDS_TOKENS, Operation
from recovery_api.api.problems import LANGUAGES, MEDIA_TYPE
from recovery_api.api.rate_limits import A_TOKEN, AN_ADDRESS
from recovery_api.api.schemas import Answer
from recovery_api.domain.access import ACCESS, PATIENT

PROBLEMS: Mapping[int, str] = {
    400: "The body is not acceptable JSON.",
    401: "There is no token, or it is worth nothing any more.",
    403: "The caller's role does not allow this.",
    404: "There is no such thing in the caller's clinic.",
    409: "It does not fit what is stored, or the first request with this Idempotency-Key is still being answered.",
    412: "Somebody else was first.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "Fields are not as they must be, or an Idempotency-Key came with another request.",
    426: "The app is too old.",
    428: "If-Match is missing.",
    429: f"Over {A_TOKEN} calls a minute with one token, or {AN_ADDRESS} from one address where secrets are tried.",
    500: "Something went wrong here; it was written down.",
    503: "The database is away; nothing was stored.",
}
_STRING, _SECONDS = {"type": "string"}, {"type": "integer", "minimum": 1}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-Request-ID": {
        "description": "The id of this request, by which the operator finds it",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "example": "5f0c2a4e9b1d4c7f8a3e6d2b1c0f9e8d",
    },
    "Cache-Control": {
        "description": "Nothing may keep it",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
        "example": "no-store",
    },
    "Content-Language": {
        "description": "The language of the title, after Accept-Language",
        "required": True,
        "schema": {"type": "string", "enum": list(LANGUAGES)},
        "example": "en",
    },
    "ETag": {
        "description": "The version, for If-Match and If-None-Match",
        "required": True,
        "schema": _STRING,
        "example": '"3"',
    },
    "Idempotent-Replayed": {
        "description": "Sent where the Idempotency-Key was used before: this is the first answer again",
        "schema": {"type": "string", "const": "true"},
        "example": "true",
    },
    "WWW-Authenticate": {
        "description": "The scheme to use",
        "required": True,
        "schema": _STRING,
        "example": 'Bearer realm="recovery"',
    },
    "Retry-After": {"description": "Seconds to wait", "required": True, "schema": _SECONDS, "example": 5},
    "Retry-After-Conflict": {
        "description": "Seconds to wait, where the first request is still being answered",
        "schema": _SECONDS,
        "example": 1,
    },
}


def _told(*names: str) -> dict[str, Any]:
    """Headers of an answer, by name."""
    return {name.removesuffix("-Conflict"): {"$ref": f"#/components/headers/{name}"} for name in names}


_HEADERS_OF: Mapping[int, Mapping[str, Any]] = {
    401: _told("WWW-Authenticate"),
    409: _told("Retry-After-Conflict"),
    429: _told("Retry-After"),
    503: _told("Retry-After"),
}
_ALWAYS = _told("X-Request-ID", "Cache-Control")
ETAG = _told("ETag")
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "App-Version": {
        "description": "The version of the app. Below `least_app_version` every call answers 426.",
        "schema": {"type": "string", "pattern": app_versions.PATTERN},
        "example": "1.4.2",
    },
    "DPoP": {
        "description": "A proof (RFC 9449, ES256, good once) by the key that the token is bound to, or is to be.",
        "schema": {"type": "string"},
        "example": "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0.e30.c2lnbmF0dXJl",
    },
    "Idempotency-Key": {
        "description": "The same key with the same request: the first status and answer again, and nothing done twice.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "0190b3a4-5f6e-7c8d-9e0f-112233445588",
    },
    "If-Match": {
        "description": "The ETag that the caller saw: 428 without it, 412 when somebody else was first.",
        "required": True,
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "If-Unchanged": {
        "name": "If-Match",
        "description": "The ETag that the caller read: 412 when it was changed since. Without it, the change is made.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "The ETag that the caller holds: 304 without a body where nothing changed.",
        "schema": {"type": "string"},
    },
}


class FieldErrorSchema(Answer):
    """What is wrong with one field."""

    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class ProblemSchema(Answer):
    """A problem of RFC 9457."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True, metadata={"description": "In the caller's language"})
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; programs go by this"})
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldErrorSchema()), required=True)
    request_id = fields.String(required=True)


def add_components(spec: APISpec) -> None:
    """The parts that operations refer to: problems, headers and ways to sign in."""
    for status, description in PROBLEMS.items():
        response = {
            "description": description,
            "headers": {**_ALWAYS, **_told("Content-Language"), **_HEADERS_OF.get(status, {})},
            "content": {MEDIA_TYPE: {"schema": ProblemSchema()}},
        }
        spec.components.response(f"Problem{status}", response)
    for name, parameter in _PARAMETERS.items():
        spec.components.parameter(name, "header", {"name": name} | dict(parameter))
    for name, header in _HEADERS.items():
        spec.components.header(name, dict(header))
    for token, owner in (("patientToken", "patient"), ("staffToken", "clinician")):
        scheme = {"type": "http", "scheme": "bearer", "description": f"A {owner}'s access token"}
        spec.components.security_scheme(token, scheme)


def document(doc: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """The documentation of one operation, with all that its place and access say of it."""
    responses = {status: answer for status, answer in doc.get("responses", {}).items() if int(status) < 400}
    for status, answer in responses.items():
        tagged = operation.has_tag and int(status) == 200
        replayed = _told("Idempotent-Replayed") if operation.takes_key else {}
        answer["headers"] = _ALWAYS | (ETAG if tagged else {}) | replayed | answer.get("headers", {})
    if not operation.is_write:
        responses["304"] = {"description": "Nothing changed", "headers": _ALWAYS | ETAG}
    return doc | {
        "operationId": operation.name,
        "security": _security(operation),
        "responses": responses | {status: f"Problem{status}" for status in _problems(operation)},
        "parameters": [*doc.get("parameters", []), *_headers(operation)],
    }


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.is_open:
        return []
    return [{"patientToken" if ACCESS.get(operation.name) == PATIENT else "staffToken": []}]


def _problems(operation: Operation) -> list[int]:
    found = {422, 426, 429, 500, 503, *operation.also}
    if not operation.is_open:
        found |= {401, 403}
    if operation.is_write:
        found |= {400, 413, 415}
    if operation.takes_key:
        found |= {409}
    if operation.may_miss:
        found |= {404}
    if operation.versioned:
        found |= {412, 428}
    if operation.is_edit:
        found |= {412}
    return sorted(found)


def _takes_proof(operation: Operation) -> bool:
    return ACCESS.get(operation.name) == PATIENT or operation.name in BINDS_TOKENS


def _headers(operation: Operation) -> list[str]:
    names = ["App-Version", *(["DPoP"] if _takes_proof(operation) else [])]
    if operation.takes_key:
        names.append("Idempotency-Key")
    if operation.versioned:
        names.append("If-Match")
    if operation.is_edit:
        names.append("If-Unchanged")
    if not operation.is_write:
        names.append("If-None-Match")
    return names
