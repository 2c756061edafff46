"""The patient's page, on the screen and on paper, and the message to a patient."""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from recovery_api.clinic.patient_page import PatientPage
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.shown_patient import cost_of_draft, patient_page
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound, PrivateWords
from recovery_api.packs.quick_texts import quick_texts
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.read_around import read_around
from recovery_api.services.read_patient import read_patient
from recovery_api.services.record_audit import Actor
from recovery_api.services.write_to_patient import LONGEST_TEXT, label_of_texts, write_to_patient
from recovery_api.wiring import wiring

blueprint = Blueprint("patients", __name__)
MOST_POSTED = 2 * LONGEST_TEXT  # a browser's form sends two characters for each new line


@blueprint.get("/patients/<uuid:patient_id>")
@signed_in
def patient(patient_id: UUID) -> str:
    """One patient's whole story."""
    return show_patient(patient_id)


@blueprint.get("/patients/<uuid:patient_id>/print")
@signed_in
def print_patient(patient_id: UUID) -> str:
    """The same story on paper."""
    return render_template("clinic/patient_print.html", page=_read(patient_id, ""), csrf="")


def show_patient(patient_id: UUID, draft: str = "") -> str:
    """The page, with what was written into the composer so far."""
    return render_template("clinic/patient.html", page=_read(patient_id, draft), csrf=form_token())


def _read(patient_id: UUID, draft: str) -> PatientPage:
    now, me = wiring().clock.now(), colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            story = read_patient(scope, patient_id, Actor("clinician", me.id, me.role), now)
            around = read_around(scope, patient_id, me.id, now)
            return patient_page(scope, frame_of(scope, around.queue.counts, now), story, around, draft)
    except NotFound:
        abort(404)


@blueprint.post("/patients/<uuid:patient_id>/messages")
@signed_in
def write(patient_id: UUID) -> BaseResponse | tuple[str, int]:
    """Send a text to a patient."""
    me, parts, body = colleague(), wiring(), request.form.get("body", "")
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            write_to_patient(scope, patient_id, body, Actor("clinician", me.id, me.role), parts.clock.now())
    except NotFound:
        abort(404)
    except (Invalid, Conflict) as refused:
        why = refused.in_full if isinstance(refused, PrivateWords) else refused.message
        flash(_("The text was not sent: %(why)s", why=retold(why)), "warning")
        return show_patient(patient_id, body), 422
    flash(_("The text is on its way."))
    return redirect(f"/patients/{patient_id}", 303)


@blueprint.post("/patients/<uuid:patient_id>/draft")
@signed_in
def draft(patient_id: UUID) -> str:
    """The page again with a draft put into the composer and counted, for browsers without scripts."""
    key, _sep, language = request.form.get("template", "").partition("/")
    chosen = next((one for one in quick_texts() if (one.key, one.language) == (key, language)), None)
    body = request.form.get("body", "")[:MOST_POSTED]
    if chosen is not None:
        with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
            body = chosen.filled(standing_values(scope))
    return show_patient(patient_id, body)


@blueprint.post("/patients/<uuid:patient_id>/messages/measure")
@signed_in
def measure_draft(patient_id: UUID) -> Response:
    """What a draft to this patient costs, in words."""
    try:
        with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
            label = label_of_texts(scope, patient_id)
    except NotFound:
        abort(404)
    cost = cost_of_draft(request.form.get("body", "")[:MOST_POSTED], label)
    return Response(cost, content_type="text/plain; charset=utf-8")
