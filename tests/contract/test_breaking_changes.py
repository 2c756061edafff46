"""No change of the document may break an app that was written against the released one."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.breaking_changes import breaking_changes

DOCS = Path(__file__).parents[2] / "docs"
CHECK_INS = "/api/v1/me/check-ins"


@pytest.fixture(scope="module")
def released() -> dict[str, Any]:
    return dict(json.loads((DOCS / "openapi-released.json").read_text(encoding="utf-8")))


def test_nothing_that_was_released_is_broken(released: dict[str, Any]) -> None:
    current = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    assert breaking_changes(released, current) == [], "apps in the field would fail: add beside it, or release a /v2"


def schema(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def need_more(document: dict[str, Any]) -> None:
    parameter = {"in": "query", "name": "why", "required": True, "schema": {"type": "string"}}
    document["paths"][CHECK_INS]["get"]["parameters"].append(parameter)


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a path": (lambda one: one["paths"].pop(CHECK_INS), f"POST {CHECK_INS} is gone"),
    "a method": (lambda one: one["paths"][CHECK_INS].pop("get"), f"GET {CHECK_INS} is gone"),
    "a name": (lambda one: one["paths"][CHECK_INS]["get"].update(operationId="history"), "is called history"),
    "a token": (lambda one: one["paths"]["/api/v1/config"]["get"].update(security=[{"staffToken": []}]), "token"),
    "a parameter gone": (lambda one: one["paths"][CHECK_INS]["get"]["parameters"].clear(), "query since is gone"),
    "a parameter needed": (need_more, "query why must be sent"),
    "a field gone": (lambda one: schema(one, "CheckIn")["properties"].pop("note"), "body.note is gone"),
    "a field needed": (lambda one: schema(one, "CheckIn")["required"].append("pain"), "body.pain must be sent"),
    "a word fewer": (
        lambda one: schema(one, "Activity")["properties"]["level"]["enum"].remove("in_bed"), "in_bed is refused",
    ),
    "a lower ceiling": (lambda one: schema(one, "CheckIn")["properties"]["pain"].update(maximum=9), "maximum is 9"),
    "null refused": (
        lambda one: schema(one, "CheckIn")["properties"]["pain"].update(type="integer"), "null is refused",
    ),
    "an answer's field gone": (
        lambda one: schema(one, "CheckInRead")["properties"].pop("advice"), "201.advice is gone",
    ),
    "an answer's field missing": (
        lambda one: schema(one, "CheckInRead")["required"].remove("day"), "201.day may be missing",
    ),
    "an answer's kind": (
        lambda one: schema(one, "CheckInRead")["properties"]["day"].update(type=["integer", "null"]), "may be null",
    ),
    "a status": (lambda one: one["paths"][CHECK_INS]["post"]["responses"].pop("201"), "never answers 201"),
    "a header": (
        lambda one: one["paths"][CHECK_INS]["get"]["responses"]["200"]["headers"].pop("ETag"), "header ETag is gone",
    ),
    "a rule": (lambda one: schema(one, "Confirm")["properties"]["otp"].update(pattern="^[0-9]{8}$"), "another pattern"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_would_break_an_app_is_named(released: dict[str, Any], what: str) -> None:
    change, said = CHANGES[what]
    changed = copy.deepcopy(released)
    change(changed)
    assert any(said in line for line in breaking_changes(released, changed)), breaking_changes(released, changed)


def test_what_is_only_added_breaks_nothing(released: dict[str, Any]) -> None:
    changed = copy.deepcopy(released)
    schema(changed, "CheckIn")["properties"]["weather"] = {"type": "string"}
    schema(changed, "CheckInRead")["properties"]["weather"] = {"type": "string"}
    schema(changed, "Activity")["properties"]["level"]["enum"].append("gardening")
    changed["paths"]["/api/v1/weather"] = {"get": changed["paths"]["/api/v1/config"]["get"]}
    assert breaking_changes(released, changed) == []
