"""What the OpenAPI document says of every operation alike: who may call it, its headers, and its problems."""

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from marshmallow import fields

from recovery_api.api import app_versions
from recovery_api.api.calls import Operation
from recovery_api.api.problems import MEDIA_TYPE
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
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
_HEADERS_OF: Mapping[int, Mapping[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "The scheme to use", "schema": {"type": "string"}}},
    409: _RETRY_AFTER,
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
REQUEST_ID: dict[str, Any] = {"X-Request-ID": {"description": "The id of this request", "schema": {"type": "string"}}}
ETAG = {"ETag": {"description": "The version, for If-Match", "schema": {"type": "string"}}}
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "App-Version": {
        "description": "The version of the app. Below `least_app_version` every call answers 426.",
        "schema": {"type": "string", "pattern": app_versions.PATTERN},
    },
    "Idempotency-Key": {
        "description": "The same key with the same request: the first status and answer again, and nothing done twice.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
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
            "headers": {**REQUEST_ID, **_HEADERS_OF.get(status, {})},
            "content": {MEDIA_TYPE: {"schema": ProblemSchema()}},
        }
        spec.components.response(f"Problem{status}", response)
    for name, parameter in _PARAMETERS.items():
        spec.components.parameter(name, "header", {"name": name} | dict(parameter))
    for token, owner in (("patientToken", "patient"), ("staffToken", "clinician")):
        scheme = {"type": "http", "scheme": "bearer", "description": f"A {owner}'s access token"}
        spec.components.security_scheme(token, scheme)


def document(doc: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """The documentation of one operation, with all that its place and access say of it."""
    responses = {status: answer for status, answer in doc.get("responses", {}).items() if int(status) < 400}
    for answer in responses.values():
        answer["headers"] = REQUEST_ID | (ETAG if operation.has_tag else {}) | answer.get("headers", {})
    if not operation.is_write:
        responses["304"] = {"description": "Nothing changed", "headers": REQUEST_ID | ETAG}
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
    if operation.is_write and not operation.is_open:
        found |= {409}
    if operation.may_miss:
        found |= {404}
    if operation.versioned:
        found |= {412, 428}
    if operation.is_edit:
        found |= {412}
    return sorted(found)


def _headers(operation: Operation) -> list[str]:
    names = ["App-Version"]
    if operation.is_write and not operation.is_open:
        names.append("Idempotency-Key")
    if operation.versioned:
        names.append("If-Match")
    if operation.is_edit:
        names.append("If-Unchanged")
    if not operation.is_write:
        names.append("If-None-Match")
    return names
