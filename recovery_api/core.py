"""The core of every process: settings, database and carrier in a Flask app, without a page or an address."""

from typing import Any

from flask import Flask, Request
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface

from recovery_api.config import Settings
from recovery_api.db import READING_COPY, db
from recovery_api.patience import watch
from recovery_api.wiring import Wiring

_NO_DATABASE = "postgresql+psycopg://"
CONNECTION = {
    "connect_timeout": 3,
    "options": "-c statement_timeout=5000 -c lock_timeout=4000",
    # A server that is cut off ends no statement of its own; one that is frozen is left to `patience`.
    "tcp_user_timeout": 4000,  # milliseconds
    "keepalives": 1,
    "keepalives_idle": 5,  # seconds, as the rest
    "keepalives_interval": 2,
    "keepalives_count": 2,
}


NO_BROWSER = ("/api/", "/webhooks/")  # who calls there has no page to carry a notice to


class Notices(SecureCookieSessionInterface):
    """The cookie that carries a notice from one page to the next; apps and carriers neither get nor send one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the browser's cookie holds."""
        return NullSession() if request.path.startswith(NO_BROWSER) else super().open_session(app, request)


class Application(Flask):
    """Flask without a look, at every call, whether a view is a coroutine: none is."""

    session_interface = Notices()

    def ensure_sync(self, func: Any) -> Any:
        """The function itself."""
        return func


def create_core(settings: Settings) -> Flask:
    """All that the jobs need; it touches neither database nor carrier until it is asked something."""
    app = Application("recovery_api.app", static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url if settings.names_a_database else _NO_DATABASE
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "connect_args": CONNECTION,
        "hide_parameters": True,
        "pool_size": 16,
        "max_overflow": 4,
        "pool_timeout": 3,
    }
    if settings.names_a_copy:
        app.config["SQLALCHEMY_BINDS"] = {READING_COPY: settings.database_read_url}
    app.extensions["recovery"] = Wiring(settings)
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            watch(engine)
    return app
