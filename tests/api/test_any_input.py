"""Whatever is sent, by body, query or header: an answer that the document describes, and never a failure inside."""

import copy
import json
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from recovery_api.domain.access import ACCESS, ANYONE, PATIENT
from tests.api.examples import EXAMPLES, World, operations
from tests.builders import PatientPersona, Persona

GENTLE = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
    | st.sampled_from(["", "0", "2026-02-30", "2026-11-21T08:02:11Z", "0001-01-01T00:00:00+14:00", "9999-12-31",
                       "0190b3a4-5f6e-7c8d-9e0f-112233445566", "\u202e", "𝟠", "‮", "a" * 3000, 2**63, -(2**63), 1e300])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXT, one, max_size=3), max_leaves=6
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The value with `other` at one place."""
    if not path:
        return other
    changed = copy.deepcopy(value)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = other
    return changed


@pytest.mark.parametrize("name", sorted(name for name in EXAMPLES if name != "signInStaff"))
@GENTLE
@given(data=st.data())
def test_no_body_query_or_header_makes_the_server_fail(
    name: str, data: st.DataObject, app: Flask, world: World, ben: Persona, database: Connection
) -> None:
    operation = operations(app)[name]
    path, options = EXAMPLES[name](world)
    caller = world.patient if ACCESS[name] in (PATIENT, ANYONE) else ben
    sent = dict(options)
    if operation.is_write:
        body = options.get("json", {})
        changed = put(body, data.draw(st.sampled_from(places(body))), data.draw(VALUES))
        sent = {**options, "data": json.dumps(changed), "content_type": "application/json"}
        sent.pop("json", None)
    query = data.draw(st.dictionaries(st.sampled_from(["cursor", "limit", "since", "q", "status", "assignee"]), TEXT))
    visible = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
    names = st.sampled_from(["If-Match", "Idempotency-Key", "App-Version", "Accept-Language", "Accept"])
    headers = {**options.get("headers", {}), **data.draw(st.dictionaries(names, visible, max_size=2))}
    savepoint = database.begin_nested()
    answer = caller.call(operation.method, path, **{**sent, "query_string": query, "headers": headers})
    savepoint.rollback()
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.json["code"]


@GENTLE
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_no_path_makes_the_server_fail(ann: PatientPersona, tail: str) -> None:
    answer = ann.client.get(f"/api/v1/{tail.replace('?', '').replace('#', '')}")
    assert answer.status_code in (200, 401, 404, 405, 422, 308)
