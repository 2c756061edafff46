"""A check-in that a clinician writes down: taken by phone, or corrected for the patient."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.languages import chosen_language
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.check_in import ACTIVITY_LEVELS, CheckInFacts
from recovery_api.domain.errors import Conflict, Invalid, NotFound, RecoveryError
from recovery_api.domain.symptom_words import SYMPTOM_WORDS
from recovery_api.ids import new_id
from recovery_api.services.find_recovery import find_recovery
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.read_check_ins import CheckInRead, read_latest
from recovery_api.services.read_counts import read_counts
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_check_in import (
    Reported,
    Submission,
    correct_check_in,
    report_check_in,
    reported_at,
)
from recovery_api.wiring import wiring

blueprint = Blueprint("check_ins", __name__)
A_DAY = timedelta(days=1)
NUMBERS = ("minutes_walked", "pills_otc", "pills_prescribed", "pills_total")
_PLACES = {  # where a fact stands in the form, and how it is called there
    "pain": ("pain-field", N_("Pain now, 0 to 10")),
    "on": ("on", N_("Day that it is about")),
    "activity.minutes_walked": ("minutes_walked", N_("Minutes walked")),
    "minutes_walked": ("minutes_walked", N_("Minutes walked")),
    "pills_otc": ("pills_otc", N_("Pills without a prescription")),
    "pills_prescribed": ("pills_prescribed", N_("Prescribed pills")),
    "pills_total": ("pills_total", N_("Pills in all, if not known apart")),
    "note": ("note", N_("In the patient's own words")),
}


@dataclass(frozen=True, slots=True)
class CheckInPage:
    """The form: whose check-in, which one is corrected or none, what is filled in, and what was wrong with it."""

    frame: Frame
    patient_id: str
    patient_name: str
    check_in_id: str
    on: str
    day: int
    given: Mapping[str, str]
    symptoms: tuple[str, ...] = ()
    error: str = ""
    place: str = "pain-field"
    earliest: str = ""
    born_on: date | None = None
    form_id: str = ""  # by which a new check-in is stored once, however often its form is sent
    levels: tuple[Choice, ...] = field(default_factory=lambda: _levels())
    symptom_choices: tuple[Choice, ...] = field(default_factory=lambda: _symptoms())


def _levels() -> tuple[Choice, ...]:
    return tuple(Choice(level, words.activity_word(level)) for level in ACTIVITY_LEVELS)


def _symptoms() -> tuple[Choice, ...]:
    return tuple(Choice(code, said[chosen_language()]) for code, said in SYMPTOM_WORDS.items())


@blueprint.get("/patients/<uuid:patient_id>/check-ins/new")
@signed_in
def new_check_in(patient_id: UUID) -> str:
    """The form for what a patient says on the phone."""
    return _form(patient_id, None)


@blueprint.post("/patients/<uuid:patient_id>/check-ins")
@signed_in
def take_check_in(patient_id: UUID) -> Response:
    """Record what the patient said, by the same road as a text."""
    return _record(patient_id, None)


@blueprint.get("/patients/<uuid:patient_id>/check-ins/<uuid:check_in_id>")
@signed_in
def show_check_in(patient_id: UUID, check_in_id: UUID) -> str:
    """The form with what was reported, to be corrected."""
    return _form(patient_id, check_in_id)


@blueprint.post("/patients/<uuid:patient_id>/check-ins/<uuid:check_in_id>")
@signed_in
def correct(patient_id: UUID, check_in_id: UUID) -> Response:
    """Keep a new version on the patient's behalf; the old one stays."""
    return _record(patient_id, check_in_id)


def _record(patient_id: UUID, check_in_id: UUID | None) -> Response:
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            running, now = find_recovery(scope, patient_id), parts.clock.now()
            form_id = _form_id() if check_in_id is None else None
            stored_at = reported_at(scope, patient_id, form_id) if form_id else None
            at = (stored_at or now).astimezone(running.zone)
            on = _day(at.date()) if check_in_id is None else None
            sent = replace(_sent(at, on, Actor("clinician", me.id, me.role)), client_id=form_id)
            reported = _keep(scope, patient_id, check_in_id, sent, now)
    except NotFound:
        abort(404)
    except (Invalid, Conflict) as refused:
        if refused.field == "client_id":
            return _stored_before(patient_id)
        return make_response(_form(patient_id, check_in_id, refused), 422)
    flash(_done(reported, check_in_id is not None))
    return redirect(f"/patients/{patient_id}", 303)


def _form_id() -> UUID | None:
    """The id that the form was shown with; None where it came without one."""
    try:
        return UUID(request.form.get("form_id", ""))
    except ValueError:
        return None


def _stored_before(patient_id: UUID) -> Response:
    """This form was stored with other facts: they stay, and a change of them is a correction."""
    flash(_("This form was saved before, with other answers. They stand: correct them under the chart."), "warning")
    return redirect(f"/patients/{patient_id}", 303)


def _keep(scope: ClinicScope, patient_id: UUID, check_in_id: UUID | None, sent: Submission, now: datetime) -> Reported:
    if check_in_id is None:
        return report_check_in(scope, patient_id, sent, now)
    return correct_check_in(scope, patient_id, check_in_id, sent, now)


def _done(reported: Reported, is_correction: bool) -> str:
    """What was done, and what to tell the patient while they are on the phone."""
    done = _("Corrected: the first version stays in the record.") if is_correction else _("The check-in is recorded.")
    advice = reported.check_in.advice
    if is_correction or advice is None:
        return done
    return f"{done} " + _("Tell the patient: %(advice)s", advice=advice.text)


def _sent(at: datetime, on: date | None, actor: Actor) -> Submission:
    """What the form says of a day; a correction keeps the day of what it corrects. Raises Invalid."""
    form = request.form
    numbers = {name: _number(name) for name in NUMBERS if form.get(name, "").strip()}
    symptoms = tuple(code for code in SYMPTOM_WORDS if form.get(f"symptom_{code}"))
    facts = CheckInFacts(
        pain=_number("pain") if form.get("pain", "").strip() else None,
        activity_level=form.get("activity") or None,
        symptoms=symptoms,
        answered_symptoms=bool(symptoms) or form.get("asked_symptoms") == "yes",
        note=form.get("note", "").strip() or None,
        **numbers,
    )
    return Submission(facts, at, on, None, "staff", actor, _teller(form))


def _number(name: str) -> int:
    text = request.form[name].strip()
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise Invalid(_("Numbers are whole numbers."), field=name)
    return int(text)


def _teller(form: Mapping[str, str]) -> str:
    return "caregiver" if form.get("answered_by") == "caregiver" else "patient"


def _day(today: date) -> date:
    """The day of the form: today, or the day before. Raises Invalid."""
    try:
        on = date.fromisoformat(request.form.get("on") or str(today))
    except ValueError:
        raise Invalid(_("Give a day."), field="on") from None
    if not today - A_DAY <= on <= today:
        raise Invalid(
            _("Give today or yesterday. An older answer is corrected in the table under the chart."), field="on"
        )
    return on


def _form(patient_id: UUID, check_in_id: UUID | None, wrong: RecoveryError | None = None) -> str:
    now, me = wiring().clock.now(), colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            running = find_recovery(scope, patient_id)
            known = _known(scope, patient_id, check_in_id)
            patient = read_patients(scope, [patient_id])[0]
            frame = frame_of(scope, read_counts(scope), now)
    except NotFound:
        abort(404)
    today = now.astimezone(running.zone).date()
    place, error = _told(wrong)
    page = CheckInPage(
        frame=frame,
        patient_id=str(patient_id),
        patient_name=f"{patient.family_name}, {patient.given_name}",
        check_in_id=str(check_in_id or ""),
        on=str(known.local_date if known else today),
        day=known.day if known else running.day(now),
        given=dict(request.form) if error else _given(known),
        symptoms=_ticked(known, bool(error)),
        error=error,
        place=place,
        earliest=str(today - A_DAY),
        born_on=patient.born_on,
        form_id=str((_form_id() if error else None) or new_id()),
    )
    return render_template("clinic/check_in.html", page=page, csrf=form_token())


def _told(wrong: RecoveryError | None) -> tuple[str, str]:
    """Where the form has to be mended, and what is wrong there."""
    if wrong is None:
        return "pain-field", ""
    place, name = _PLACES.get(wrong.field or "", ("pain-field", ""))
    return place, f"{_(name)}: {retold(wrong.message)}" if name else retold(wrong.message)


def _known(scope: ClinicScope, patient_id: UUID, check_in_id: UUID | None) -> CheckInRead | None:
    if check_in_id is None:
        return None
    found = read_latest(scope, patient_id, [check_in_id])
    if not found:
        raise NotFound("There is no such check-in.")
    return found[0]


def _ticked(known: CheckInRead | None, is_again: bool) -> tuple[str, ...]:
    if is_again:
        return tuple(code for code in SYMPTOM_WORDS if request.form.get(f"symptom_{code}"))
    return known.symptoms if known else ()


def _given(known: CheckInRead | None) -> dict[str, str]:
    """The fields as they stand in a check-in."""
    if known is None:
        return {}
    activity, pills = known.activity, known.medication
    values = {
        "pain": known.pain,
        "activity": activity.level if activity else None,
        "minutes_walked": activity.minutes_walked if activity else None,
        "pills_otc": pills.otc if pills else None,
        "pills_prescribed": pills.prescribed if pills else None,
        "pills_total": pills.total if pills else None,
        "note": known.note,
        "answered_by": known.answered_by,
    }
    return {name: str(value) for name, value in values.items() if value is not None}
