"""The questionnaires behind a link: plain forms without scripts, stored one whole instrument after the other."""

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from recovery_api.domain.errors import Invalid
from recovery_api.domain.form_answers import STEPS
from recovery_api.domain.lifelines import lifeline_of
from recovery_api.patient.form_screens import FormScreen
from recovery_api.patient.session import check_form, form_token, session_secret
from recovery_api.patient.shown import close_kindly, page, switch_language
from recovery_api.patient.words import say
from recovery_api.services.fill_in_form import FormRead, keep_form_answer, read_form
from recovery_api.wiring import wiring

blueprint = Blueprint("patient_form", __name__)


@blueprint.get("/c/form")
def go_on() -> Response:
    """On to the first screen that was not answered."""
    return _next(_read())


@blueprint.get("/c/form/done")
def show_done() -> Response:
    """Thanks, or that nothing is due; and whom to call for who feels low."""
    read = _read()
    if read.next_step is not None:
        return _next(read)
    crisis = lifeline_of(read.door.emergency_number)
    return page("form_done", read.door, read.door.language, 200, read=read, crisis=crisis, csrf=form_token())


@blueprint.get("/c/form/<step>")
def show_step(step: str) -> Response:
    """One screen, where it is one of those that may still be answered."""
    read = _read()
    return _screen(read, step) if step in read.open_steps else _next(read)


@blueprint.post("/c/form/<step>")
def answer_step(step: str) -> Response:
    """Keep one screen, and go on."""
    check_form()
    if step not in STEPS:
        abort(404)
    parts = wiring()
    ticked = [name[2:] for name in request.form if name.startswith("i_")]
    said = request.form.get("said", "")
    try:
        return _next(keep_form_answer(session_secret(), step, said, ticked, parts.vaults, parts.clock.now()))
    except Invalid:
        read = _read()
        return _screen(read, step, say("choose", read.door.language), 422)


@blueprint.post("/c/form/language")
def change_language() -> Response:
    """Go on in the other language, on the same screen."""
    return switch_language("/c/form", STEPS)


close_kindly(blueprint)


def _read() -> FormRead:
    parts = wiring()
    return read_form(session_secret(), parts.vaults, parts.clock.now())


def _next(read: FormRead) -> Response:
    return redirect(f"/c/form/{read.next_step or 'done'}", 303)


def _screen(read: FormRead, step: str, error: str = "", status: int = 200) -> Response:
    screen = FormScreen(step, read.door.language, read)
    return page("form", read.door, read.door.language, status, error=error, screen=screen, csrf=form_token())
