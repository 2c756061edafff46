"""The application: settings in, a Flask app out."""

from contextlib import suppress

from flask import Flask
from flask_migrate import Migrate

from recovery_api import surface
from recovery_api.api import register_api
from recovery_api.clinic import blueprint as clinic
from recovery_api.clinic.patient_views import blueprint as patients
from recovery_api.clinic.sign_in_views import blueprint as doors
from recovery_api.clinic.worklist_views import blueprint as worklist
from recovery_api.config import Settings, SettingsRefused
from recovery_api.db import db
from recovery_api.hooks.twilio_sms import blueprint as hooks
from recovery_api.operations import blueprint as operations
from recovery_api.simulator.phone_views import blueprint as phone
from recovery_api.wiring import Wiring

_NO_DATABASE = "postgresql+psycopg://"
CONNECTION = {
    "connect_timeout": 3,
    "options": "-c statement_timeout=5000 -c lock_timeout=4000",
    # A server that is frozen or cut off ends no statement of its own: it is given up within five seconds.
    "tcp_user_timeout": 4000,  # milliseconds
    "keepalives": 1,
    "keepalives_idle": 5,  # seconds, as the rest
    "keepalives_interval": 2,
    "keepalives_count": 2,
}


def create_app(settings: Settings) -> Flask:
    """The whole application; it touches neither database nor carrier until it is asked something."""
    app = Flask(__name__, static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url if settings.names_a_database else _NO_DATABASE
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "connect_args": CONNECTION,
        "hide_parameters": True,
        "pool_size": 16,
        "max_overflow": 4,
        "pool_timeout": 3,
    }
    app.config["SESSION_COOKIE_NAME"] = "notice"
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    app.config["SESSION_COOKIE_SECURE"] = settings.public_url.startswith("https://")
    with suppress(SettingsRefused):  # said at start, never on import
        app.secret_key = settings.secret_key()
    app.extensions["recovery"] = Wiring(settings)
    db.init_app(app)
    Migrate(app, db, directory="migrations")
    for blueprint in (hooks, operations, clinic, doors, worklist, patients):
        app.register_blueprint(blueprint)
    if settings.env == "demo":
        app.register_blueprint(phone)
    register_api(app)
    surface.protect(app)
    return app
