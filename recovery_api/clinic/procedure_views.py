"""Move a patient's procedure to another day: first what that changes, then, on yes, the move."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.frame import Frame
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.written_days import iso_day
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.find_recovery import find_recovery
from recovery_api.services.preview_move import Movable, Move, preview_move, read_movable
from recovery_api.services.read_counts import read_counts
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_check_in import take_turn
from recovery_api.services.start_episode import LONGEST_AHEAD
from recovery_api.wiring import wiring

blueprint = Blueprint("procedure", __name__)


@dataclass(frozen=True, slots=True)
class MovePage:
    """The form for another day, or, where a day was given, what it changes."""

    frame: Frame
    patient_id: str
    known: Movable
    latest: date
    given: str = ""
    wrong: str = ""
    move: Move | None = None

    @property
    def name(self) -> str:
        """The name as lists have it."""
        return f"{self.known.family_name}, {self.known.given_name}"


@blueprint.get("/patients/<uuid:patient_id>/procedure")
@signed_in
def ask(patient_id: UUID) -> Response:
    """The form; with a day, what a move to it would change."""
    return _page(patient_id, request.args.get("day"))


@blueprint.post("/patients/<uuid:patient_id>/procedure")
@signed_in
def move(patient_id: UUID) -> Response:
    """Move the procedure, as long as it still has the day that somebody saw."""
    me, parts, given = colleague(), wiring(), request.form.get("day", "")
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            move_seen(scope, patient_id, given, request.form.get("was", ""), Actor("clinician", me.id, me.role))
    except NotFound:
        abort(404)
    except Invalid:
        return _page(patient_id, given)
    except Conflict as refused:
        flash(_("Nothing was changed: %(why)s", why=retold(refused.message)), "warning")
        return redirect(f"/patients/{patient_id}/procedure", 303)
    flash(_("The procedure is moved, and what is still to come is planned anew."))
    return redirect(f"/patients/{patient_id}", 303)


def move_seen(scope: ClinicScope, patient_id: UUID, given: str, was: str, actor: Actor) -> None:
    """Move a procedure that still has the day that somebody saw. Raises Conflict, Invalid or NotFound."""
    take_turn(scope, patient_id)
    now, running = wiring().clock.now(), find_recovery(scope, patient_id)
    if str(running.recovery.procedure_on) != was:
        raise Conflict("Somebody moved it meanwhile: look at it again.")
    to = preview_move(scope, patient_id, _day(given), now).to
    change_episode(scope, running.recovery.episode_id, EpisodeChanges(performed_on=to), actor, now)


def _page(patient_id: UUID, given: str | None) -> Response:
    me, parts, wrong, found = colleague(), wiring(), "", None
    now = parts.clock.now()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            known = read_movable(scope, patient_id, Actor("clinician", me.id, me.role), now)
            frame = frame_of(scope, read_counts(scope), now)
            try:
                found = preview_move(scope, patient_id, _day(given), now) if given is not None else None
            except Invalid as refused:
                wrong = refused.message
    except NotFound:
        abort(404)
    latest = now.astimezone(known.zone).date() + LONGEST_AHEAD
    page = MovePage(frame, str(patient_id), known, latest, given or str(known.performed_on), wrong, found)
    answer = render_template("clinic/procedure.html", page=page, csrf=form_token())
    return make_response(answer, 422 if wrong else 200)


def _day(given: str) -> date:
    """The day of a form. Raises Invalid."""
    try:
        return iso_day(given)
    except ValueError:
        raise Invalid("must be a day such as 2026-11-21") from None
