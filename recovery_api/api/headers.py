"""What every answer of the API carries: the request's id, and headers that leave a browser nothing to do with it."""

import os

from flask import Flask, Response, g, request

PREFIX = "/api/v1"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


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
    response.headers["X-Request-ID"] = request_id()
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
