"""A patient's page in their language, the one page for whatever opens nothing, and what the paths here share."""

from collections.abc import Container
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from recovery_api.domain.errors import NotFound, Unauthenticated
from recovery_api.patient.session import check_form, session_secret
from recovery_api.patient.words import OTHER, language_of, say, say_numbers, say_phone
from recovery_api.services.answer_web_check_in import choose_language
from recovery_api.services.open_web_check_in import Door
from recovery_api.services.read_config import read_config
from recovery_api.wiring import wiring


def page(template: str, door: Door, language: str, status: int, **values: Any) -> Response:
    """One page of a patient's, in their language."""
    rendered = render_template(
        f"patient/{template}.html",
        door=door,
        lang=language,
        other=OTHER[language],
        path=request.path,
        say=say,
        say_phone=say_phone,
        say_numbers=say_numbers,
        **values,
    )
    return make_response(rendered, status)


def dead(status: int = 410) -> Response:
    """One page for every link that opens nothing: unknown, old, used or locked."""
    known = read_config(None, None, wiring().vaults)
    door = Door(known.clinic_name or "", known.clinic_phone or "", known.emergency_number, "en")
    wanted = request.args.get("lang") or request.accept_languages.best_match(tuple(OTHER), "en")
    return page("dead", door, language_of(wanted), status)


def switch_language(home: str, steps: Container[str] = ()) -> Response:
    """Go on in the other language, on the same screen where that is one of the `steps`."""
    check_form()
    choose_language(session_secret(), language_of(request.form.get("lang", "")), wiring().vaults)
    step = request.form.get("step", "")
    return redirect(f"{home}/{step}" if step in steps else home, 303)


def close_kindly(blueprint: Blueprint) -> None:
    """Whatever the blueprint refuses is told by the one page; a patient is never sent to the clinicians' pages."""

    def say_closed(_: Exception) -> Response:
        """The session is over, or what it was for has ended meanwhile."""
        return dead()

    def say_refused(error: HTTPException) -> Response:
        """A form that is not ours, or an address that is none."""
        return dead(error.code or 404)

    for ended in (Unauthenticated, NotFound):
        blueprint.register_error_handler(ended, say_closed)
    for code in (403, 404):
        blueprint.register_error_handler(code, say_refused)
