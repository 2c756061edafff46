"""A check-in that a clinician writes down: taken by phone, or corrected for the patient."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.check_in_form import A_DAY, day_of_form, id_of_form, sent_check_in
from recovery_api.clinic.check_in_page import CheckInPage, given_in, told
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound, RecoveryError
from recovery_api.domain.symptom_words import SYMPTOM_WORDS
from recovery_api.ids import new_id
from recovery_api.services.find_recovery import find_recovery
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.read_check_ins import CheckInRead, read_latest
from recovery_api.services.read_counts import read_counts
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_check_in import Reported, Submission, correct_check_in, report_check_in, reported_at
from recovery_api.wiring import wiring

blueprint = Blueprint("check_ins", __name__)


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
            form_id = id_of_form() if check_in_id is None else None
            stored_at = reported_at(scope, patient_id, form_id) if form_id else None
            at = (stored_at or now).astimezone(running.zone)
            on = day_of_form(at.date()) if check_in_id is None else None
            sent = replace(sent_check_in(at, on, Actor("clinician", me.id, me.role)), client_id=form_id)
            reported = _keep(scope, patient_id, check_in_id, sent, now)
    except NotFound:
        abort(404)
    except (Invalid, Conflict) as refused:
        if refused.field == "client_id":
            return _stored_before(patient_id)
        return make_response(_form(patient_id, check_in_id, refused), 422)
    flash(_done(reported, check_in_id is not None))
    return redirect(f"/patients/{patient_id}", 303)


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
    place, error = told(wrong)
    page = CheckInPage(
        frame=frame,
        patient_id=str(patient_id),
        patient_name=f"{patient.family_name}, {patient.given_name}",
        check_in_id=str(check_in_id or ""),
        on=str(known.local_date if known else today),
        day=known.day if known else running.day(now),
        given=dict(request.form) if error else given_in(known),
        symptoms=_ticked(known, bool(error)),
        error=error,
        place=place,
        earliest=str(today - A_DAY),
        born_on=patient.born_on,
        form_id=str((id_of_form() if error else None) or new_id()),
    )
    return render_template("clinic/check_in.html", page=page, csrf=form_token())


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
