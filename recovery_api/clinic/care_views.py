"""What a clinician does for a patient beside their flags: calls, holds, hours, visits."""

from collections.abc import Callable
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, request
from werkzeug.wrappers import Response

from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.written_days import iso_day
from recovery_api.services.book_visits import book_visit, change_visit
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.find_recovery import RunningRecovery, find_recovery
from recovery_api.services.hold_episode import REASONS, NewHold, hold_episode, lift_hold
from recovery_api.services.log_call import log_call
from recovery_api.services.plan_thinner import ThinnerPlan
from recovery_api.services.read_today import list_visits
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("care", __name__)
CareDeed = Callable[[ClinicScope, RunningRecovery, Actor, datetime], object]
HOLD_ENDS = time(8, 0)  # in the patient's own morning
_MOVED = N_("The visit is moved.")
_BECAME = {
    "cancelled": N_("The visit is called off."),
    "kept": N_("The visit was kept."),
    "missed": N_("The visit was missed. It is on the worklist."),
}


@blueprint.post("/patients/<uuid:patient_id>/calls")
@signed_in
def call(patient_id: UUID) -> Response:
    """Log a call, and what came of it."""
    me, parts, result = colleague(), wiring(), request.form.get("result", "")
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            log_call(scope, patient_id, result, Actor("clinician", me.id, me.role), parts.clock.now())
    except NotFound:
        abort(404)
    except Invalid:
        abort(422)
    if result == "started":
        return Response(status=204)
    flash(_("The call is in the patient's story."))
    return _back(patient_id)


@blueprint.post("/patients/<uuid:patient_id>/hold")
@signed_in
def hold(patient_id: UUID) -> Response:
    """Hold every text until a morning."""
    reason = request.form.get("reason", "")
    if reason not in REASONS:
        abort(422)

    def put_on_hold(scope: ClinicScope, running: RunningRecovery, actor: Actor, now: datetime) -> None:
        ends_at = _instant(f"{request.form.get('until', '')}T{HOLD_ENDS:%H:%M}", running.zone)
        hold_episode(scope, running.recovery.episode_id, NewHold(ends_at, reason), actor, now)

    return _act(patient_id, _("On hold: no text leaves until then."), put_on_hold)


@blueprint.post("/patients/<uuid:patient_id>/hold/end")
@signed_in
def end_hold(patient_id: UUID) -> Response:
    """Let the texts go on."""

    def let_go(scope: ClinicScope, running: RunningRecovery, actor: Actor, now: datetime) -> None:
        lift_hold(scope, running.recovery.episode_id, actor, now)

    return _act(patient_id, _("The hold has ended: texts go on."), let_go)


@blueprint.post("/patients/<uuid:patient_id>/hour")
@signed_in
def move_hour(patient_id: UUID) -> Response:
    """Move the daily question to another hour."""

    def move(scope: ClinicScope, running: RunningRecovery, actor: Actor, now: datetime) -> None:
        try:
            wanted = time.fromisoformat(request.form.get("time", ""))
        except ValueError:
            raise Invalid(_("Give a time such as 09:30."), field="time") from None
        change_episode(scope, running.recovery.episode_id, EpisodeChanges(check_in_time=wanted), actor, now)

    return _act(patient_id, _("The daily question comes at that hour from now on."), move)


@blueprint.post("/patients/<uuid:patient_id>/blood-thinner")
@signed_in
def plan_thinner(patient_id: UUID) -> Response:
    """Put the day to start a blood thinner again on the care plan, or take it off."""

    def put(scope: ClinicScope, running: RunningRecovery, actor: Actor, now: datetime) -> None:
        plan = ThinnerPlan(_day(request.form.get("restart_on", "")))
        change_episode(scope, running.recovery.episode_id, EpisodeChanges(thinner=plan), actor, now)

    return _act(patient_id, _("The day for the blood thinner is on the care plan."), put)


@blueprint.post("/patients/<uuid:patient_id>/visits")
@signed_in
def book(patient_id: UUID) -> Response:
    """Book a visit."""

    def book_it(scope: ClinicScope, running: RunningRecovery, actor: Actor, now: datetime) -> None:
        starts_at = _instant(request.form.get("starts_at", ""), running.zone)
        book_visit(scope, running.recovery.episode_id, starts_at, actor, now)

    return _act(patient_id, _("The visit is booked."), book_it)


@blueprint.post("/patients/<uuid:patient_id>/visits/<uuid:visit_id>")
@signed_in
def move_visit(patient_id: UUID, visit_id: UUID) -> Response:
    """Move a visit, call it off, or say what became of it."""
    status = request.form.get("status", "")

    def move(scope: ClinicScope, running: RunningRecovery, actor: Actor, now: datetime) -> None:
        if visit_id not in {visit.id for visit in list_visits(scope, patient_id)}:
            raise NotFound("There is no such visit.")
        if status in _BECAME:
            change_visit(scope, visit_id, None, status, actor, now)
        else:
            change_visit(scope, visit_id, _instant(request.form.get("starts_at", ""), running.zone), None, actor, now)

    return _act(patient_id, _(_BECAME.get(status, _MOVED)), move)


def _act(patient_id: UUID, done: str, deed: CareDeed) -> Response:
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            running = find_recovery(scope, patient_id)
            deed(scope, running, Actor("clinician", me.id, me.role), parts.clock.now())
        flash(done)
    except NotFound:
        abort(404)
    except (Invalid, Conflict) as refused:
        flash(_("Nothing was changed: %(why)s", why=retold(refused.message)), "warning")
    return _back(patient_id)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """A local time of a form, where the patient lives. Raises Invalid."""
    try:
        local = datetime.fromisoformat(text)
        iso_day(str(local.date()))
    except ValueError:
        raise Invalid(_("Give a day and a time."), field="time") from None
    return local.replace(tzinfo=zone)


def _day(text: str) -> date | None:
    """A day of a form, None where it is empty. Raises Invalid."""
    try:
        return iso_day(text) if text else None
    except ValueError:
        raise Invalid(_("Give a day."), field="restart_on") from None


def _back(patient_id: UUID) -> Response:
    return redirect(f"/patients/{patient_id}", 303)
