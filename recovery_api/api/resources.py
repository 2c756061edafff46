"""Resources: blueprints whose operations carry their access, their errors and their documentation in one decorator."""

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any, NoReturn, cast

import flask_smorest
from flask import Request, Response, g
from marshmallow import RAISE, Schema, ValidationError
from webargs.core import missing
from webargs.flaskparser import FlaskParser

from recovery_api.api.calls import VIEWS, Operation, carry_out
from recovery_api.api.documentation import document
from recovery_api.api.headers import PREFIX, stamp
from recovery_api.api.problems import answer_error, field_errors
from recovery_api.api.refusals import FieldError, InvalidFields
from recovery_api.api.strict_json import LARGEST_BODY

View = Callable[..., Any]


class StrictParser(FlaskParser):
    """Takes the body that was read already, and refuses every field that a schema does not know."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body of the request at hand; a null is a body, and no body is none."""
        if g.body is not None or req.get_data():
            return g.body
        if req.method == "PATCH":
            raise InvalidFields([FieldError("", "required", "A body must be sent.")])
        return missing

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The query of the request at hand, in which a name that stands twice says nothing."""
        twice = sorted(name for name, values in req.args.lists() if len(values) > 1)
        if twice:
            raise InvalidFields([FieldError(name, "invalid", "Must stand once.") for name in twice])
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        """One error a field, whichever part of the request it came in."""
        by_location = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        found = [one for messages in by_location.values() for one in field_errors(messages)]
        raise InvalidFields(found) from None


class Resource(flask_smorest.Blueprint):  # type: ignore[misc]
    """The operations on one kind of thing."""

    ARGUMENTS_PARSER = StrictParser(unknown=RAISE)

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, url_prefix=PREFIX, description=description)
        self._prepare_doc_cbks.append(_document)
        self.register_error_handler(Exception, answer_error)
        self.after_request(stamp)

    def operation(
        self,
        method: str,
        path: str,
        name: str,
        *,
        largest: int = LARGEST_BODY,
        versioned: bool = False,
        has_own_identity: bool = False,
        also: tuple[int, ...] = (),
        edits: str = "",
    ) -> Callable[[View], View]:
        """Route `method` and `path` to a view; `name` is the operationId, and the row of the access table.

        The view gets the call, then what its schemas read, then the path's ids; an open operation gets no call.
        """
        operation = Operation(name, method, path, largest, versioned, has_own_identity, also, edits)

        def decorate(view: View) -> View:
            VIEWS[name] = view

            @wraps(view)
            def answer(**ids: Any) -> Response:
                return carry_out(operation, view, ids)

            answer._apidoc = deepcopy(getattr(view, "_apidoc", {})) | {"operation": operation}  # type: ignore[attr-defined]
            answer.operation = operation  # type: ignore[attr-defined]
            self.add_url_rule(path, name, answer, methods=[method])
            return view

        return decorate

    def arguments(self, schema: Schema, **options: Any) -> Callable[[View], View]:
        """What a view reads from the body, or from the query with `location="query"`."""
        return cast(Callable[[View], View], super().arguments(schema, **options))

    def response(
        self, status: int, schema: Schema | type[Schema] | dict[str, str] | None = None, **options: Any
    ) -> Callable[[View], View]:
        """What a view answers with."""
        return cast(Callable[[View], View], super().response(status, schema, **options))

    def alt_response(self, status: int, **options: Any) -> Callable[[View], View]:
        """What a view may answer with instead."""
        return cast(Callable[[View], View], super().alt_response(status, **options))


def _document(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
    return document(doc, doc_info["operation"])
