"""The application: settings in, a Flask app out."""

from contextlib import suppress

from flask import Flask

from recovery_api import surface
from recovery_api.api import register_api
from recovery_api.clinic import blueprint as clinic
from recovery_api.clinic.app_code_views import blueprint as app_codes
from recovery_api.clinic.blueprints import DOORS, WORK
from recovery_api.clinic.cookie_names import bound_name
from recovery_api.clinic.inbox_views import blueprint as inbox
from recovery_api.clinic.languages import speak
from recovery_api.clinic.patient_views import blueprint as patients
from recovery_api.clinic.sign_in_views import blueprint as doors
from recovery_api.clinic.text_views import blueprint as texts
from recovery_api.clinic.worklist_views import blueprint as worklist
from recovery_api.config import Settings, SettingsRefused
from recovery_api.core import create_core
from recovery_api.hooks.twilio_page_calls import blueprint as page_calls
from recovery_api.hooks.twilio_sms import blueprint as hooks
from recovery_api.hooks.twilio_voice import blueprint as calls
from recovery_api.operations import blueprint as operations
from recovery_api.patient.about_views import blueprint as about
from recovery_api.patient.app_views import blueprint as web_app
from recovery_api.patient.form_views import blueprint as web_form
from recovery_api.patient.views import blueprint as web_check_in
from recovery_api.patient.visit_views import blueprint as web_visit
from recovery_api.simulator.phone import blueprint as phone


def create_app(settings: Settings) -> Flask:
    """The whole application; it touches neither database nor carrier until it is asked something."""
    app = create_core(settings)
    app.url_map.merge_slashes = False  # an address with two slashes is another one: nobody signed a redirect
    is_https = settings.public_url.startswith("https://")
    app.config["SESSION_COOKIE_NAME"] = bound_name("notice", is_https=is_https)
    app.config["SESSION_COOKIE_PATH"] = "/"
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    app.config["SESSION_COOKIE_SECURE"] = is_https
    with suppress(SettingsRefused):  # said at start, never on import
        app.secret_key = settings.secret_key()
    pages = (
        clinic,
        doors,
        worklist,
        patients,
        inbox,
        texts,
        app_codes,
        web_check_in,
        web_app,
        web_form,
        web_visit,
        about,
    )
    for blueprint in (hooks, calls, page_calls, operations, *pages, *WORK, *DOORS):
        app.register_blueprint(blueprint)
    speak(app)
    if settings.env == "demo":
        app.register_blueprint(phone)
    register_api(app)
    surface.protect(app)
    return app
