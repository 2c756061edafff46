"""The demo's phone page itself: all of it, its parts for a script, and what every deed on it leads to."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request
from flask_babel import force_locale
from werkzeug.wrappers import Response

from recovery_api.services.read_patient import read_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.simulator.carrier_client import CarrierAway
from recovery_api.simulator.phone_door import blueprint, form_token, in_demo_clinic
from recovery_api.simulator.phone_shown import page_of, played_of
from recovery_api.simulator.play_patient import Playable, playable_patients
from recovery_api.wiring import wiring


@blueprint.get("")
def show() -> str:
    """The page."""
    return _render("simulator/phone.html")


@blueprint.get("/now")
def now() -> str:
    """The parts of the page that change by themselves."""
    return _render("simulator/_phone.html")


def _render(template: str) -> str:
    """The page in English, whatever language its browser or the clinicians' pages speak."""
    moment = wiring().clock.now()
    with in_demo_clinic() as scope, force_locale("en"):
        people = playable_patients(scope)
        played = played_of(people)
        story = read_patient(scope, played.patient.id, SYSTEM, moment)
        page = page_of(scope, people, played, story, moment)
        return render_template(template, page=page, csrf=form_token())


def do_as(deed: Callable[[Playable], None]) -> Response | str:
    """Do one thing as the patient, then show the page, or its parts where a script asked."""
    with in_demo_clinic() as scope:
        played = played_of(playable_patients(scope))
    try:
        deed(played)
    except CarrierAway as away:
        flash(str(away))
    if looks_again_by_itself():
        return _render("simulator/_phone.html")
    return redirect(f"/demo/phone?patient={played.patient.id}", 303)


def looks_again_by_itself() -> bool:
    """Whether a script asked, which shows what comes later as well."""
    return request.headers.get("Sec-Fetch-Dest") == "empty"
