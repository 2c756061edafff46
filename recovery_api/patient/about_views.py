"""Plain pages on the procedure, its benefits and its risks: open to anybody, naming nobody, without scripts."""

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from recovery_api.packs.about_pack import TOPICS, about_pack
from recovery_api.patient.shown import page
from recovery_api.patient.words import OTHER, language_of
from recovery_api.services.open_web_check_in import Door
from recovery_api.services.read_config import read_config
from recovery_api.wiring import wiring

blueprint = Blueprint("about", __name__, url_prefix="/about")


@blueprint.get("")
def choose() -> Response:
    """On to the language that the browser asks for, and to the topic that the address names."""
    wanted = request.accept_languages.best_match(tuple(OTHER), "en")
    topic = request.args.get("topic", "")
    return redirect(f"/about/{language_of(wanted)}" + (f"/{topic}" if topic in TOPICS else ""), 303)


@blueprint.get("/<language>")
@blueprint.get("/<language>/<topic>")
def show(language: str, topic: str = TOPICS[0]) -> Response:
    """One page, with the way to the others and to the same one in the other language."""
    if language not in about_pack() or topic not in TOPICS:
        abort(404)
    known = read_config(None, None, wiring().vaults)
    door = Door(known.clinic_name or "", known.clinic_phone or "", known.emergency_number, language)
    return page("about", door, language, 200, topic=topic, about=about_pack()[language])
