"""The web check-in where scripts run: a page that names nobody and needs no network, and the way in for its answers."""

from dataclasses import asdict
from datetime import datetime

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from recovery_api.domain.errors import Invalid, NotFound, Unauthenticated
from recovery_api.domain.web_answers import QUESTIONS
from recovery_api.patient.screens import blank_screens
from recovery_api.patient.session import check_origin, session_secret
from recovery_api.patient.shown import page
from recovery_api.patient.views import blueprint as pages
from recovery_api.patient.words import WORDS, say, say_numbers
from recovery_api.services.answer_later import LaterAnswers, answer_later, read_kit
from recovery_api.services.open_web_check_in import Door
from recovery_api.services.read_config import USUAL_EMERGENCY_NUMBER
from recovery_api.wiring import wiring

blueprint = Blueprint("patient_app", __name__)
_LONGEST_TIME = 40
_YEARS = (2000, 2200)


@blueprint.get("/c/app/<language>")
def show_app(language: str) -> AnyResponse:
    """All questions on one page, the same for everybody: no name, no clinic, no token, so that it may be kept."""
    _known(language)
    door = Door("", "", USUAL_EMERGENCY_NUMBER, language)
    given = {"in_app": True, "base": "#", "csrf": "", "error": ""}
    return page("app", door, language, 200, screens=blank_screens(language), **given)


@blueprint.get("/c/app/<language>.webmanifest")
def show_manifest(language: str) -> Response:
    """What a phone needs to put the page on its home screen."""
    _known(language)
    icon = {"src": "/c/static/mark.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    answer = jsonify(
        name=say("hello", language),
        short_name=say("title", language),
        id="/c/app",
        start_url=f"/c/app/{language}",
        scope="/c/",
        display="standalone",
        lang=language,
        background_color="#f6f7f5",
        theme_color="#0b5a4c",
        icons=[icon],
    )
    answer.content_type = "application/manifest+json"
    return answer


@blueprint.get("/c/worker.js")
def show_worker() -> Response:
    """The worker, at the place from which it may answer for every page of the check-in."""
    return pages.send_static_file("worker.js")


@blueprint.get("/c/q/kit")
def show_kit() -> Response:
    """What the browser of a session keeps: whom to call, what to say, and by what its answers are sent."""
    parts = wiring()
    kit = read_kit(session_secret(), parts.vaults)
    return jsonify(asdict(kit) | {"now": round(parts.clock.now().timestamp() * 1000)})


@blueprint.post("/c/later")
def take_later() -> Response:
    """Take answers that were kept on a phone. Sent twice they are one check-in, and answered alike."""
    check_origin()
    form, parts = request.form, wiring()
    given = LaterAnswers(
        said={step: form.get(step) for step in QUESTIONS},
        symptoms=[name[2:] for name in form if name.startswith("s_")],
        recorded_at=_instant(form.get("at", "")),
        language=form.get("lang", "") if form.get("lang", "") in WORDS else "en",
    )
    advice = answer_later(form.get("token", ""), given, parts.vaults, parts.clock.now())
    if advice is None:
        return jsonify(tier=None)
    return jsonify(tier=advice.tier, text=say_numbers(advice.text), phone=advice.phone)


@blueprint.errorhandler(Unauthenticated)
@blueprint.errorhandler(NotFound)
def say_gone(_: Exception) -> tuple[Response, int]:
    """Nothing is taken here any more: the patient has to be told to call."""
    return jsonify(taken=False), 410


@blueprint.errorhandler(Invalid)
def say_invalid(_: Exception) -> tuple[Response, int]:
    """Answers as no page of ours sends them."""
    return jsonify(taken=False), 422


def _known(language: str) -> None:
    if language not in WORDS:
        abort(404)


def _instant(said: str) -> datetime:
    try:
        instant = datetime.fromisoformat(said[:_LONGEST_TIME])
    except ValueError:
        raise Invalid("must be a time with its offset", field="at") from None
    if not _YEARS[0] <= instant.year <= _YEARS[1]:
        raise Invalid("is not a time of our days", field="at")
    return instant
