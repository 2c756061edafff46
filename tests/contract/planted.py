"""A leak on purpose: a patient that was read once is given to everybody with a token, of whatever clinic."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import db
from tests.deployment import Deployment, free_port

LEAKY = "/api/v1/patients/"


class Leak:
    """Between a server and the application: remembers what was read, and gives it to who is told 404."""

    def __init__(self, app: Flask) -> None:
        self._app = app.wsgi_app
        self._read: dict[str, bytes] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = Response(*run_wsgi_app(self._app, environ, buffered=True))
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] == "GET" and path.startswith(LEAKY) and path.count("/") == LEAKY.count("/"):
            if answer.status_code == 200:
                self._read[path] = answer.get_data()
            elif answer.status_code == 404 and path in self._read:
                answer = Response(self._read[path], 200, answer.headers, content_type="application/json")
                answer.headers["ETag"] = '"1"'
        return answer(environ, start_response)


@contextmanager
def leaking(deployment: Deployment) -> Iterator[int]:
    """A server with the leak, beside the deployment's own; its port."""
    app = create_app(Settings.from_env(deployment.env))
    app.wsgi_app = Leak(app)  # type: ignore[method-assign]
    server = make_server("127.0.0.1", port := free_port(), app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield port
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
