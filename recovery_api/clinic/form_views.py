"""A patient's questionnaires: what was answered, what is due, and a form to enter one on the patient's behalf."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.frame import Frame
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.check_in import local_day
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.questionnaires import ANSWERED_BY, INSTRUMENTS
from recovery_api.ids import new_id
from recovery_api.packs.questionnaire_pack import Wording, questionnaire_pack
from recovery_api.services.answer_questionnaire import (
    AnsweredQuestionnaire,
    QuestionnaireRead,
    due_now,
    list_questionnaires,
)
from recovery_api.services.enter_form import Entered, enter_form
from recovery_api.services.find_recovery import find_recovery
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.read_counts import read_counts
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("forms", __name__)
NAMES = {"rmdq": N_("Back (RMDQ)"), "odi": N_("Back (ODI)"), "phq2": N_("Mood (PHQ-2)")}
MEASURES = {"disability": N_("Back: RMDQ or ODI"), "mood": N_("Mood: PHQ-2")}
WAYS = {"app": N_("in the app"), "web": N_("on the web page"), "staff": N_("entered by the clinic")}
PER_CENT = 100
TELLERS = {"patient": N_("the patient"), "caregiver": N_("a caregiver")}


@dataclass(frozen=True, slots=True)
class Line:
    """One questionnaire that was answered."""

    day: int
    on: date
    name: str
    score: str
    came: str


@dataclass(frozen=True, slots=True)
class FormsPage:
    """What was answered, what is due, the words of the questions in the patient's language, and what was wrong."""

    frame: Frame
    patient_id: str
    patient_name: str
    language: str
    words: Mapping[str, Wording]
    answered: tuple[Line, ...]
    due: tuple[tuple[str, date], ...]
    given: Mapping[str, str]
    form_id: str
    error: str = ""
    instrument: str = ""  # what is wrong is in its form
    born_on: date | None = None


@blueprint.get("/patients/<uuid:patient_id>/forms")
@signed_in
def show_forms(patient_id: UUID) -> str:
    """The questionnaires of the recovery that is running."""
    return _page(patient_id)


@blueprint.post("/patients/<uuid:patient_id>/forms/<instrument>")
@signed_in
def enter(patient_id: UUID, instrument: str) -> Response:
    """Store what the patient said, by the same road as the patient's own answers."""
    if instrument not in INSTRUMENTS:
        abort(404)
    me, parts = colleague(), wiring()
    now = parts.clock.now()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            sent = _sent(instrument, now.astimezone(find_recovery(scope, patient_id).zone))
            harm = bool(request.form.get("harm"))
            entered = enter_form(scope, patient_id, sent, harm, Actor("clinician", me.id, me.role), now)
    except NotFound:
        abort(404)
    except (Invalid, Conflict, ValueError) as refused:
        return make_response(_page(patient_id, instrument, _refusal(instrument, refused)), 422)
    flash(_done(entered))
    return redirect(f"/patients/{patient_id}/forms", 303)


def _sent(instrument: str, recorded_at: datetime) -> AnsweredQuestionnaire:
    """What the form says. Raises ValueError where a number is none or an answer is missing."""
    form, shape = request.form, INSTRUMENTS[instrument]
    score = int(form["score"]) if form.get("score", "").strip() else None
    answers = None
    if score is None and instrument == "rmdq":
        answers = [int(f"i_{item}" in form) for item in range(shape.items)]
    elif score is None and instrument == "phq2":
        answers = [int(form.get(f"i_{item}", "")) for item in range(shape.items)]
    teller = form.get("answered_by", "")
    return AnsweredQuestionnaire(
        client_id=UUID(form.get("form_id", "")),
        instrument=instrument,
        score=score,
        answers=answers,
        recorded_at=recorded_at,
        channel="staff",
        answered_by=teller if teller in ANSWERED_BY else "patient",
    )


def _refusal(instrument: str, refused: Exception) -> str:
    """Which form was not saved and why, in the language of the page."""
    said = retold(getattr(refused, "message", "")) or _("Answer every question, or give the score as a whole number.")
    return f"{_(NAMES[instrument])}: {said[:1].upper()}{said[1:].removesuffix('.')}."


def _done(entered: Entered) -> str:
    """What was done, and what to do while the patient is on the phone."""
    stored = entered.stored
    done = _("Saved: %(name)s, %(score)s.", name=_(NAMES[stored.instrument]), score=score_words(stored))
    if entered.advice is not None:
        return f"{done} " + _("Tell the patient: %(advice)s", advice=entered.advice.text)
    if entered.is_low:
        return f"{done} " + _("That is a low mood: a flag stands on the list. Ask about thoughts of harm now.")
    return done


def _page(patient_id: UUID, instrument: str = "", error: str = "") -> str:
    now, me = wiring().clock.now(), colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            page = _read(scope, patient_id, (instrument, error), now)
    except NotFound:
        abort(404)
    return render_template("clinic/forms.html", page=page, csrf=form_token())


def _read(scope: ClinicScope, patient_id: UUID, wrong: tuple[str, str], now: datetime) -> FormsPage:
    instrument, error = wrong
    running = find_recovery(scope, patient_id)
    patient = read_patients(scope, [patient_id])[0]
    found = list_questionnaires(scope, patient_id)
    return FormsPage(
        frame=frame_of(scope, read_counts(scope), now),
        patient_id=str(patient_id),
        patient_name=f"{patient.family_name}, {patient.given_name}",
        language=running.language,
        words=questionnaire_pack().get(running.language, questionnaire_pack()["en"]),
        answered=tuple(_line(one, running.zone) for one in reversed(found)),
        due=tuple((_(MEASURES[one.measures]), one.until - timedelta(days=1)) for one in due_now(running, found, now)),
        given=dict(request.form) if error else {},
        form_id=request.form.get("form_id", "") if error else str(new_id()),
        error=error,
        instrument=instrument,
        born_on=patient.born_on,
    )


def _line(one: QuestionnaireRead, zone: ZoneInfo) -> Line:
    came = _("%(way)s, answered by %(teller)s", way=_(WAYS[one.channel]), teller=_(TELLERS[one.answered_by]))
    return Line(one.day, local_day(one.recorded_at, zone), _(NAMES[one.instrument]), score_words(one), came)


def score_words(one: QuestionnaireRead) -> str:
    """A score beside the highest that there is."""
    most = INSTRUMENTS[one.instrument].most
    return f"{one.score} %" if most == PER_CENT else _("%(score)s of %(most)s", score=one.score, most=most)
