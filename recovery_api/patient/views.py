"""The web check-in: a link that a button and a year of birth open, one question a screen, and what to do now."""

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from recovery_api.domain.errors import Invalid
from recovery_api.domain.web_answers import STEPS, SUMMARY, SYMPTOMS, step_before
from recovery_api.patient.screens import Screen, refusal_of
from recovery_api.patient.session import check_form, check_origin, form_token, session_secret, set_cookie
from recovery_api.patient.shown import close_kindly, dead, page, switch_language
from recovery_api.patient.words import language_of, say
from recovery_api.services.answer_web_check_in import (
    WebCheckInRead,
    keep_answer,
    read_web_check_in,
    send_web_check_in,
)
from recovery_api.services.fill_in_form import form_is_due
from recovery_api.services.open_web_check_in import Door, belong_together, look_at_link, open_link
from recovery_api.wiring import wiring

blueprint = Blueprint(
    "patient", __name__, template_folder="templates", static_folder="static", static_url_path="/c/static"
)


@blueprint.get("/c/<token>")
def show_door(token: str) -> Response:
    """The page behind a link. Looking spends nothing, so that a preview may."""
    door = _look(token)
    if door is not None:
        return _door(door)
    return redirect("/c/q", 303) if session_secret() and belong_together(token, session_secret()) else dead()


@blueprint.post("/c/<token>")
def open_door(token: str) -> Response:
    """Spend the link, where the year of birth is right."""
    check_origin()
    parts, language = wiring(), language_of(request.form.get("lang", ""))
    door, said = _look(token), request.form.get("year", "").strip()
    if door is None:
        return dead()
    if not (len(said) == 4 and said.isascii() and said.isdigit()):
        return _door(door, say("year_hint", language), 422)
    opened = open_link(token, int(said), language, parts.vaults, parts.clock.now())
    if opened is None or (opened.session is None and opened.tries_left == 0):
        return dead()
    if opened.session is None:
        left = "tries_one" if opened.tries_left == 1 else "tries_many"
        return _door(door, f"{say('wrong_year', language)} {say(left, language, n=opened.tries_left)}", 422)
    response = redirect("/c/q", 303)
    set_cookie(response, opened.session)
    return response


@blueprint.get("/c/q")
def go_on() -> Response:
    """On to the first question that was not asked, or to the questionnaire that the link is for."""
    read = read_web_check_in(session_secret(), wiring().vaults)
    return redirect("/c/form", 303) if read.door.asks == "form" else _next(read)


@blueprint.get("/c/q/<step>")
def show_step(step: str) -> Response:
    """One question, the summary, or what to do after sending."""
    read = read_web_check_in(session_secret(), wiring().vaults)
    is_open = step in STEPS and not read.is_sent and (step != SUMMARY or read.answers.next_step == SUMMARY)
    if not is_open and not (step == "done" and read.is_sent):
        return _next(read)
    return _screen(read, step)


@blueprint.post("/c/q/<step>")
def answer_step(step: str) -> Response:
    """Keep one answer, and go on; a danger is sent at once."""
    check_form()
    if step not in STEPS or step == SUMMARY:
        abort(404)
    parts = wiring()
    ticked = [name[2:] for name in request.form if name.startswith("s_")] if step == SYMPTOMS else []
    try:
        read = keep_answer(
            session_secret(), step, request.form.get("said", ""), ticked, parts.vaults, parts.clock.now()
        )
    except Invalid:
        read = read_web_check_in(session_secret(), parts.vaults)
        return _screen(read, step, refusal_of(step, read.door.language), 422)
    return _next(read)


@blueprint.post("/c/q/send")
def send() -> Response:
    """Send the answers; twice is once."""
    check_form()
    parts = wiring()
    try:
        return _next(send_web_check_in(session_secret(), parts.vaults, parts.clock.now()))
    except Invalid:
        read = read_web_check_in(session_secret(), parts.vaults)
        return _screen(read, SUMMARY, refusal_of(SUMMARY, read.door.language), 422)


@blueprint.post("/c/q/language")
def change_language() -> Response:
    """Go on in the other language, on the same screen."""
    return switch_language("/c/q", STEPS)


close_kindly(blueprint)


def _next(read: WebCheckInRead) -> Response:
    return redirect(f"/c/q/{'done' if read.is_sent else read.answers.next_step}", 303)


def _look(token: str) -> Door | None:
    parts = wiring()
    return look_at_link(token, parts.vaults, is_demo=parts.settings.env == "demo")


def _door(door: Door, error: str = "", status: int = 200) -> Response:
    wanted = request.values.get("lang", "")
    return page("door", door, language_of(wanted) if wanted else door.language, status, error=error)


def _screen(read: WebCheckInRead, step: str, error: str = "", status: int = 200) -> Response:
    shown = Screen(step, read.door.language, read.answers, read.advice, step_before(step) if step in STEPS else None)
    given = {"screen": shown, "csrf": form_token(), "base": "/c/q/"}
    if step == "done":
        given["has_form"] = form_is_due(session_secret(), wiring().vaults, wiring().clock.now())
    return page(shown.template, read.door, shown.language, status, error=error, **given)
