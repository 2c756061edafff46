"""Everybody in the clinic's care: a list that can be searched, and the language of the pages."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.cookie_names import over_https
from recovery_api.clinic.frame import Frame
from recovery_api.clinic.languages import NAMES, language_cookie
from recovery_api.clinic.session import colleague, form_token, own_path, signed_in
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import clinic_transaction
from recovery_api.services.find_patients import find_patients, sort_key
from recovery_api.services.patient_facts import PatientFacts
from recovery_api.services.read_counts import read_counts
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("people", __name__)
MOST = 200
LONGEST = 100
A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One patient of the list; `day` counts from the procedure."""

    patient_id: str
    name: str
    born_on: date
    record_number: str
    levels: str
    performed_on: date | None
    day: int | None
    language_word: str
    is_followed: bool = True  # has a recovery, so that a text can be filed there


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The list, or those who fit what was asked for; `after` leads to the next ones."""

    frame: Frame
    words: str
    rows: tuple[PersonLine, ...]
    after: str = ""
    text: str = ""  # the text of the inbox whose sender is looked for


@blueprint.get("/patients")
@signed_in
def patients() -> str:
    """Everybody, or those who fit."""
    now, me = wiring().clock.now(), colleague()
    wanted, after, text = request.args.get("q", "").strip()[:LONGEST], _id("after"), _id("text")
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        found = find_patients(scope, wanted, after, MOST + 1, Actor("clinician", me.id, me.role), now)
        frame = frame_of(scope, read_counts(scope), now)
    is_whole = after is None and len(found) <= MOST
    shown = sorted(found, key=sort_key) if is_whole else found[:MOST]
    rows = tuple(_line(one, frame.local_day) for one in shown)
    page = PeoplePage(frame, wanted, rows, str(found[MOST - 1].id) if len(found) > MOST else "", str(text or ""))
    return render_template("clinic/patients.html", page=page, csrf=form_token())


def _id(name: str) -> UUID | None:
    text = request.args.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        abort(404)


def _line(patient: PatientFacts, today: date) -> PersonLine:
    performed = patient.performed_on
    return PersonLine(
        patient_id=str(patient.id),
        name=f"{patient.family_name}, {patient.given_name}",
        born_on=patient.born_on,
        record_number=patient.record_number or "",
        levels=", ".join(patient.levels),
        performed_on=performed,
        day=(today - performed).days if performed else None,
        language_word=words.language_word(patient.language),
        is_followed=patient.episode_id is not None and patient.status == "active",
    )


@blueprint.get("/language")
def choose_language() -> Response:
    """Keep the language that somebody chose, and go back to where they were."""
    wanted = request.args.get("to", "")
    if wanted not in NAMES:
        abort(404)
    answer = redirect(own_path(request.args.get("then", "/worklist")), 303)
    answer.set_cookie(
        language_cookie(), wanted, max_age=A_YEAR, path="/", httponly=True, secure=over_https(), samesite="Strict"
    )
    return answer
