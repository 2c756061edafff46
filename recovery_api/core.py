"""The core of every process: settings, database and carrier in a Flask app, without a page or an address."""

from flask import Flask

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


def create_core(settings: Settings) -> Flask:
    """All that the jobs need; it touches neither database nor carrier until it is asked something."""
    app = Flask("recovery_api.app", static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url if settings.names_a_database else _NO_DATABASE
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "connect_args": CONNECTION,
        "hide_parameters": True,
        "pool_size": 16,
        "max_overflow": 4,
        "pool_timeout": 3,
    }
    if settings.database_read_url:
        app.config["SQLALCHEMY_BINDS"] = {READING_COPY: settings.database_read_url}
    app.extensions["recovery"] = Wiring(settings)
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            watch(engine)
    return app
