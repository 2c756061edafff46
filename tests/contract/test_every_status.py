"""Every operation can answer every status that the document names, as the document describes it; and no header more."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from recovery_api.api import calls
from recovery_api.api.calls import Operation
from recovery_api.api.rate_limits import RateLimit, RateLimits, keep_limits, make_limits
from recovery_api.domain.access import ACCESS, PATIENT
from recovery_api.domain.errors import StillInFlight
from tests.api.examples import EXAMPLES, World, operations
from tests.builders import Persona, make_patient
from tests.contract.breaking_changes import METHODS

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {
    item[method]["operationId"]: item[method]
    for item in DOCUMENT["paths"].values()
    for method in METHODS
    if method in item
}
# For the browser alone, on every answer of the API and its pages; nothing that an app has to look at.
FOR_BROWSERS = {
    "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy", "Permissions-Policy",
}  # fmt: skip
OF_HTTP = {"Content-Type", "Content-Length", "Date", "Server"}
AN_ID = "0190b3a4-5f6e-7c8d-9e0f-112233445566"


class Asking:
    """How each status is brought about for one operation."""

    def __init__(self, operation: Operation, world: World, clinician: Persona, stranger: Persona) -> None:
        self.operation, self.world = operation, world
        is_patients = ACCESS[operation.name] == PATIENT or operation.is_open
        self.caller, self.wrong_role = (world.patient, clinician) if is_patients else (clinician, world.patient)
        self.stranger = stranger
        self.path, self.options = EXAMPLES[operation.name](world)

    def __call__(self, caller: Persona | None = None, path: str = "", **changes: Any) -> TestResponse:
        sent = {**self.options, **changes}
        headers = {**self.options.get("headers", {}), **changes.get("headers", {})}
        sent["headers"] = {name: value for name, value in headers.items() if value is not None}
        return (caller or self.caller).call(self.operation.method, path or self.path, **sent)

    def raw(self, data: bytes, content_type: str = "application/json") -> TestResponse:
        """With another body."""
        sent = {name: value for name, value in self.options.items() if name != "json"}
        return self.caller.call(self.operation.method, self.path, **sent, data=data, content_type=content_type)

    def unchanged(self) -> TestResponse:
        """Again, with the tag of the first answer."""
        return self(headers={"If-None-Match": self().headers["ETag"]})

    def unknown(self) -> TestResponse:
        """With a secret that nobody knows."""
        if self.operation.name == "refreshToken":
            return self(json={"refresh_token": "rtr_" + "A" * 43})
        return self(headers={"Authorization": "Bearer rta_" + "A" * 43})

    def missing(self) -> TestResponse:
        """About what is not there, or as somebody who has none."""
        if self.operation.name == "readConfig":
            return self(Persona(self.world.patient.clinic, self.world.patient.id, ""), query_string={"clinic": AN_ID})
        if self.operation.path.startswith("/me/") and "<" not in self.operation.path:
            return self(self.stranger)
        parts = [AN_ID if len(part) == 36 else part for part in self.path.split("/")]
        return self(self.stranger) if self.operation.method == "PUT" else self(path="/".join(parts))


HOW: dict[int, Callable[[Asking], TestResponse]] = {
    304: Asking.unchanged,
    400: lambda ask: ask.raw(b"{"),
    401: Asking.unknown,
    403: lambda ask: ask(ask.wrong_role),
    404: Asking.missing,
    412: lambda ask: ask(headers={"If-Match": '"999"'}),
    413: lambda ask: ask.raw(b" " * 300 * 1024 + b"{}"),
    415: lambda ask: ask.raw(b"a=b", "application/x-www-form-urlencoded"),
    422: lambda ask: ask(headers={"App-Version": "one"}),
    426: lambda ask: ask(headers={"App-Version": "0.1"}),
    428: lambda ask: ask(headers={"If-Match": None}),
}
NOT_BY_ASKING = (409, 429, 500, 503)


@pytest.fixture
def askings(app: Flask, world: World, ben: Persona) -> list[Asking]:
    stranger = make_patient(world.patient.clinic, given_name="Pell", phone="+12125550145")
    ben.patch(f"/episodes/{stranger.episode_id}", json={"status": "ended"})
    return [Asking(one, world, ben, stranger) for name, one in operations(app).items() if name in OPERATIONS]


def check(name: str, status: int, answer: TestResponse) -> None:
    assert answer.status_code == status, (name, answer.text)
    described = OPERATIONS[name]["responses"][str(status)]
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    headers = {name: one.get("$ref", "") for name, one in described.get("headers", {}).items()}
    for header, place in headers.items():
        told = DOCUMENT["components"]["headers"][place.rpartition("/")[2]]
        said = answer.headers.get(header)
        assert said is not None or not told.get("required"), (name, status, header)
        if said is not None:
            value: Any = int(said) if told["schema"]["type"] == "integer" else said
            Draft202012Validator(told["schema"]).validate(value)
    undocumented = set(answer.headers.keys()) - set(headers) - FOR_BROWSERS - OF_HTTP
    assert undocumented == set(), (name, status)
    if status >= 400:
        assert answer.content_type == "application/problem+json", name
        assert answer.json["code"] in described["content"]["application/problem+json"]["examples"], (name, status)


def documented(asking: Asking) -> set[int]:
    return {int(status) for status in OPERATIONS[asking.operation.name]["responses"]}


@pytest.mark.parametrize("status", sorted(HOW))
def test_every_operation_gives_the_statuses_that_a_request_brings_about(
    status: int, askings: list[Asking], database: Connection
) -> None:
    asked = [one for one in askings if status in documented(one)]
    assert asked
    found = {}
    for one in asked:
        savepoint = database.begin_nested()
        answer = HOW[status](one)
        savepoint.rollback()
        if answer.status_code == status:
            check(one.operation.name, status, answer)
        else:
            found[one.operation.name] = answer.status_code
    assert found == {}


def test_every_success_is_one_of_those_that_are_documented(askings: list[Asking], database: Connection) -> None:
    for one in askings:
        name, known = one.operation.name, documented(one)
        if name in ("signInStaff", "confirmEnrolment"):
            continue  # a made-up secret opens nothing; the stories of signing in have these
        savepoint = database.begin_nested()
        first = one()
        again = one(headers={"If-Match": "*"} if one.operation.versioned else {})
        savepoint.rollback()
        assert first.status_code in known, name
        if first.status_code < 300:
            check(name, first.status_code, first)
        if {200, 201} <= known:
            assert (first.status_code, again.status_code) == (201, 200), name
            check(name, 200, again)
    names = {one.operation.name for one in askings}
    assert names == set(OPERATIONS)


def test_every_status_has_a_way_to_be_met(askings: list[Asking]) -> None:
    for one in askings:
        unmet = {status for status in documented(one) if status >= 300} - set(HOW) - set(NOT_BY_ASKING)
        assert unmet == set(), one.operation.name


def test_every_operation_says_when_too_much_is_asked(app: Flask, askings: list[Asking]) -> None:
    none = RateLimits(RateLimit(0.5), RateLimit(0.5))
    try:
        for one in askings:
            keep_limits(app, none)
            check(one.operation.name, 429, one())
    finally:
        keep_limits(app, make_limits(in_production=False))


@pytest.mark.parametrize(
    ("status", "error"),
    [(409, StillInFlight("Still being answered.")), (500, ZeroDivisionError()),
     (503, OperationalError("", {}, Exception()))],
    ids=["in flight", "failure", "database away"],
)  # fmt: skip
def test_every_operation_says_what_went_wrong_inside(
    status: int, error: Exception, askings: list[Asking], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(calls, "read_json" if status == 409 else "check_app_version", fails)
    asked = [one for one in askings if status in documented(one)]
    assert asked
    for one in asked:
        check(one.operation.name, status, one())
