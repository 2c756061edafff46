"""The OpenAPI document: made of the resources, served as JSON and as a page without outside resources."""

import json
from collections.abc import Callable, Iterable
from typing import Any, cast

import flask_smorest
from flask import Blueprint, Flask, Response, current_app

from recovery_api.api.calls import Operation
from recovery_api.api.docs_page import PAGE_POLICY, docs_page
from recovery_api.api.document_examples import add_examples
from recovery_api.api.document_schemas import SchemaPlugin
from recovery_api.api.documentation import add_components
from recovery_api.api.entity_tags import spare_answer, tag_answer
from recovery_api.api.headers import PREFIX, stamp
from recovery_api.api.resources import Resource

VERSION = "1.0.0"
_INFO: dict[str, Any] = {
    "title": "Recovery API",
    "version": VERSION,
    "openapi_version": "3.1.0",
    "info": {
        "description": (
            "Recovery tracking after vertebroplasty. Times are RFC 3339 with an offset, ids are UUIDs, days are "
            "calendar days where the patient lives. Errors are application/problem+json with a stable code."
        ),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "/", "description": "This server"}],
}
blueprint = Blueprint("document", __name__, url_prefix=PREFIX)
blueprint.after_request(stamp)


class Document(flask_smorest.Api):  # type: ignore[misc]
    """The document of some resources, made beside the application that serves them, when somebody asks for it."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, resources: Iterable[Resource]) -> None:
        super().__init__(Flask(__name__), spec_kwargs=_INFO | {"marshmallow_plugin": SchemaPlugin()})
        add_components(self.spec)
        for resource in resources:
            self.register_blueprint(resource)

    def _register_error_handlers(self) -> None:
        """Every resource answers its errors by itself."""


def document_text(app: Flask) -> str:
    """The document as JSON, the same on every machine."""
    kept = app.extensions.get("recovery-openapi")
    if kept is None:
        resources = [one for one in app.blueprints.values() if isinstance(one, Resource)]
        document = _without_leftovers(Document(resources).spec.to_dict())
        add_examples(document)
        kept = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        app.extensions["recovery-openapi"] = kept
    return cast(str, kept)


def _without_leftovers(document: dict[str, Any]) -> dict[str, Any]:
    """Without the components that nothing refers to; the framework adds some of its own."""
    while True:
        said = json.dumps(document)
        unused = [
            (kind, name)
            for kind, components in document["components"].items()
            for name in components
            if kind != "securitySchemes" and f'"#/components/{kind}/{name}"' not in said
        ]
        if not unused:
            return document
        for kind, name in unused:
            del document["components"][kind][name]


def _open(name: str, path: str) -> Callable[[Callable[[], Response]], Callable[[], Response]]:
    """Route a view that is for anyone and stands beside the document, not in it."""

    def decorate(view: Callable[[], Response]) -> Callable[[], Response]:
        view.operation = Operation(name, "GET", path, 0)  # type: ignore[attr-defined]
        blueprint.add_url_rule(path, name, view)
        return view

    return decorate


@_open("readDocument", "/openapi.json")
def openapi_json() -> Response:
    """The document."""
    return _tagged(Response(document_text(current_app), content_type="application/json"))


@_open("readDocs", "/docs")
def docs() -> Response:
    """The page: every operation, and every problem code."""
    page = Response(docs_page(json.loads(document_text(current_app))), content_type="text/html; charset=utf-8")
    page.headers["Content-Security-Policy"] = PAGE_POLICY
    return _tagged(page)


def _tagged(answer: Response) -> Response:
    tag_answer(answer)
    return spare_answer(answer)
