"""The document: valid, whole, the same as the committed one, and true to what the server answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from sqlalchemy import Connection

from recovery_api.api.document import document_text
from recovery_api.app import create_app
from recovery_api.cli import register_commands
from recovery_api.config import Settings
from recovery_api.domain.access import ACCESS, ANYONE, PATIENT
from tests.api.examples import EXAMPLES, World, operations
from tests.builders import Persona

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
BESIDE = {"readDocument", "readDocs"}


@pytest.fixture(scope="module")
def bare() -> Flask:
    """The application without an environment or a database."""
    made = create_app(Settings())
    register_commands(made)
    return made


@pytest.fixture(scope="module")
def document(bare: Flask) -> dict[str, Any]:
    return dict(json.loads(document_text(bare)))


def described(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    methods = ("get", "post", "patch", "put", "delete")
    return {
        item[method]["operationId"]: item[method]
        for item in document["paths"].values()
        for method in methods
        if method in item
    }


def test_the_committed_document_is_the_one_that_the_code_makes(bare: Flask) -> None:
    committed = COMMITTED.read_text(encoding="utf-8")
    assert committed == document_text(bare), "run: flask --app wsgi openapi > docs/openapi.json"


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"] == "3.1.0"
    assert document["info"]["license"]["identifier"] == "Apache-2.0"


def test_every_operation_of_the_access_table_is_described(document: dict[str, Any]) -> None:
    assert set(described(document)) == set(ACCESS) - BESIDE


def test_every_operation_says_who_may_call_it_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    for name, one in described(document).items():
        assert one["summary"], name
        assert not one["summary"].endswith("."), name
        expected = {ANYONE: [], PATIENT: [{"patientToken": []}]}.get(ACCESS[name], [{"staffToken": []}])
        assert one["security"] == expected, name
        failures = {status for status in one["responses"] if status >= "400"}
        assert {"422", "426", "500", "503"} <= failures, name
        assert ACCESS[name] == ANYONE or {"401", "403"} <= failures, name
        assert "requestBody" not in one or {"400", "413", "415"} <= failures, name


def test_every_problem_is_described_as_one(document: dict[str, Any]) -> None:
    for name, response in document["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name
        assert "X-Request-ID" in response["headers"], name


def test_the_served_document_and_page_are_the_same_and_load_nothing_from_elsewhere(bare: Flask) -> None:
    client = bare.test_client()
    served = client.get("/api/v1/openapi.json")
    assert (served.content_type, served.text) == ("application/json", document_text(bare))
    page = client.get("/api/v1/docs")
    for path, first in (("openapi.json", served), ("docs", page)):
        again = client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.text) == (304, "")
    assert page.content_type == "text/html; charset=utf-8"
    for name in set(ACCESS) - BESIDE:
        assert f"id={name}" in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text


def test_the_command_prints_it_without_environment_or_database(bare: Flask) -> None:
    printed = bare.test_cli_runner().invoke(args=["openapi"])
    assert printed.exit_code == 0
    assert printed.output == COMMITTED.read_text(encoding="utf-8")


def test_every_answer_is_as_the_document_describes_it(
    app: Flask, world: World, ben: Persona, database: Connection, document: dict[str, Any]
) -> None:
    whole = Resource(contents=document, specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:api", whole)
    for name, one in operations(app).items():
        if name in BESIDE:
            continue
        path, options = EXAMPLES[name](world)
        savepoint = database.begin_nested()
        answer = (world.patient if ACCESS[name] in (PATIENT, ANYONE) else ben).call(one.method, path, **options)
        savepoint.rollback()
        told = described(document)[name]["responses"]
        assert str(answer.status_code) in told, name
        if answer.status_code == 204 or answer.mimetype == "text/calendar":
            continue
        place = one.path.replace("<uuid:", "{").replace("<string:", "{").replace(">", "}")
        pointer = _pointer(document, f"/api/v1{place}", one.method.lower(), answer)
        Draft202012Validator({"$ref": f"urn:api#{pointer}"}, registry=registry).validate(answer.json)


def _pointer(document: dict[str, Any], path: str, method: str, answer: Any) -> str:
    """Where the document describes this answer's body."""
    told = document["paths"][path][method]["responses"][str(answer.status_code)]
    if "$ref" in told:
        return f"{told['$ref'].removeprefix('#')}/content/application~1problem+json/schema"
    escaped = path.replace("/", "~1")
    return f"/paths/{escaped}/{method}/responses/{answer.status_code}/content/application~1json/schema"
