"""What every answer of the API carries: the request's id, and headers that leave a browser nothing to do with it."""

import os
from collections.abc import Mapping, Sequence

from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

PREFIX = "/api/v1"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def by_lower_case(headers: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
    """Each header's name in lower case, its name and its value."""
    return tuple((name.lower(), name, value) for name, value in headers.items())


def add_missing(headers: Headers, wanted: Sequence[tuple[str, str, str]]) -> None:
    """Add what `by_lower_case` made, but for what is there already."""
    there = {name.lower() for name, _ in headers}
    for lower, name, value in wanted:
        if lower not in there:
            headers.add(name, value)


_MISSING = by_lower_case(HEADERS)


def is_api_request() -> bool:
    """Whether the request at hand is for the API."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def give_requests_an_id(app: Flask) -> None:
    """Make an id for every request to the API."""

    def begin() -> None:
        if is_api_request():
            g.request_id = os.urandom(16).hex()

    app.before_request(begin)


def request_id() -> str:
    """The id of the request at hand."""
    return str(g.get("request_id", ""))


def stamp(response: Response) -> Response:
    """Add the request's id and the headers of every answer; a stricter or looser policy of the view's own stays."""
    if response.status_code == 204:
        response.headers.pop("Content-Type", None)  # there is nothing that could have one
    response.headers["X-Request-ID"] = request_id()
    add_missing(response.headers, _MISSING)
    return response
