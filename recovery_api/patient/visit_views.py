"""The next visit behind a link: to confirm, to change, to put into a calendar, without scripts."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from recovery_api.domain.errors import Conflict
from recovery_api.patient.session import check_form, form_token, session_secret
from recovery_api.patient.shown import close_kindly, page, switch_language
from recovery_api.services.answer_visit_on_page import answer_visit, read_visit, visit_file
from recovery_api.wiring import wiring

blueprint = Blueprint("patient_visit", __name__)


@blueprint.get("/c/visit")
def show_visit() -> AnyResponse:
    """When it is, what stands of it, and what to bring."""
    parts = wiring()
    read = read_visit(session_secret(), parts.vaults, parts.clock.now())
    return page("visit", read.door, read.door.language, 200, read=read, csrf=form_token())


@blueprint.post("/c/visit")
def answer() -> AnyResponse:
    """Confirm it, or ask for another time."""
    check_form()
    parts = wiring()
    said = "confirm" if request.form.get("said") == "confirm" else "change"
    answer_visit(session_secret(), said, parts.vaults, parts.clock.now())
    return redirect("/c/visit", 303)


@blueprint.get("/c/visit.ics")
def show_calendar() -> Response:
    """The visit for the phone's own calendar."""
    parts = wiring()
    said = visit_file(session_secret(), parts.vaults, parts.clock.now())
    return Response(said, content_type="text/calendar; charset=utf-8")


@blueprint.post("/c/visit/language")
def change_language() -> AnyResponse:
    """The same page in the other language."""
    return switch_language("/c/visit")


@blueprint.errorhandler(Conflict)
def say_again(_: Exception) -> AnyResponse:
    """It is over or was called off meanwhile: show what stands now."""
    return redirect("/c/visit", 303)


close_kindly(blueprint)
