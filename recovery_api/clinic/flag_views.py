"""What a clinician does with a flag: take it, give it back, hand it on, put it off, close it, open it again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.chart_note import chart_note
from recovery_api.clinic.flag_page import NotePage, ResolvePage
from recovery_api.clinic.frame import Choice
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.shown import box_of
from recovery_api.clinic.shown_patient import queued_patients
from recovery_api.clinic.story import OUTCOME_WORDS, outcome_word
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_page import FILTERS
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound, RecoveryError, StaleVersion
from recovery_api.services.answer_flags import (
    Deed,
    acknowledge_flag,
    assign_flag,
    release_flag,
    reopen_flag,
    resolve_flag,
    snooze_flag,
)
from recovery_api.services.patient_facts import read_patients
from recovery_api.services.read_around import read_around
from recovery_api.services.read_counts import read_counts
from recovery_api.services.read_flags import FlagFacts, FlagQuery, read_flag_events, read_flags
from recovery_api.services.read_patient import read_patient
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("flags", __name__)
FlagDeed = Callable[[ClinicScope, Deed, datetime], int]
Unsent = Callable[[UUID, RecoveryError], Response]
_CHANGES = {  # by a person or by the patient's own words; pages and what the patient is told change nothing
    "acknowledged", "assigned", "snoozed", "resolved", "reopened", "could_not_reach", "repeated", "raised", "woken",
}  # fmt: skip


@blueprint.post("/flags/<uuid:flag_id>/acknowledge")
@signed_in
def acknowledge(flag_id: UUID) -> Response:
    """Take a flag; for some seconds it can be given back."""

    def take(scope: ClinicScope, deed: Deed, now: datetime) -> int:
        version = acknowledge_flag(scope, deed, now)
        flash(f"{flag_id}/{version}", "undo")
        return version

    return _act(flag_id, _("You own this flag now."), take)


@blueprint.post("/flags/<uuid:flag_id>/release")
@signed_in
def release(flag_id: UUID) -> Response:
    """Give a flag back that was taken a moment ago."""
    return _act(flag_id, _("Taken back: the flag calls again."), release_flag)


@blueprint.post("/flags/<uuid:flag_id>/assign")
@signed_in
def assign(flag_id: UUID) -> Response:
    """Hand a flag to a colleague."""
    try:
        assignee = UUID(request.form.get("assignee", ""))
    except ValueError:
        abort(422)
    return _act(flag_id, _("The flag was handed on."), lambda scope, deed, now: assign_flag(scope, deed, assignee, now))


@blueprint.post("/flags/<uuid:flag_id>/snooze")
@signed_in
def snooze(flag_id: UUID) -> Response:
    """Put a flag off for a while."""
    minutes = request.form.get("minutes", "")
    if not minutes.isascii() or not minutes.isdigit() or len(minutes) > 5:
        abort(422)
    wait = timedelta(minutes=int(minutes))
    reason = request.form.get("reason", "").strip() or _("look again in %(time)s", time=words.span(int(minutes)))
    return _act(
        flag_id, _("The flag was put off."), lambda scope, deed, now: snooze_flag(scope, deed, now + wait, reason, now)
    )


@blueprint.post("/flags/<uuid:flag_id>/reopen")
@signed_in
def reopen(flag_id: UUID) -> Response:
    """Open a resolved flag again."""
    note = request.form.get("note", "")
    return _act(flag_id, _("The flag is open again."), lambda scope, deed, now: reopen_flag(scope, deed, note, now))


@blueprint.get("/flags/<uuid:flag_id>/resolve")
@signed_in
def show_resolve(flag_id: UUID) -> str:
    """The form that closes a flag."""
    return _resolve_form(flag_id, {}, "", "", request.args.get("back", "worklist"))


@blueprint.post("/flags/<uuid:flag_id>/resolve")
@signed_in
def resolve(flag_id: UUID) -> Response:
    """Close a flag with an outcome and a note; the paragraph for the chart comes next."""
    outcome, note = request.form.get("outcome", ""), request.form.get("note", "")
    errors = {}
    if outcome not in OUTCOME_WORDS:
        errors["outcome"] = _("Choose an outcome.")
    if not note.strip():
        errors["note"] = _("Write a note: whom you reached and what was said.")
    if errors:
        return _resolve_again(flag_id, errors)
    is_open = outcome == "could_not_reach"
    done = _("Still open: this patient could not be reached.") if is_open else _("Resolved.")
    then = None if is_open else f"/flags/{flag_id}/note"
    return _act(flag_id, done, lambda scope, deed, now: resolve_flag(scope, deed, outcome, note, now), then, _unsent)


def _unsent(flag_id: UUID, refused: RecoveryError) -> Response:
    """The form again, as of now: what was written is not lost because somebody else was first."""
    at_note = isinstance(refused, Invalid) and refused.field == "note"
    said = _("This %(said)s.", said=retold(refused.message)) if at_note else _first(flag_id, refused)
    return _resolve_again(flag_id, {"note" if at_note else "flag": said})


def _resolve_again(flag_id: UUID, errors: dict[str, str]) -> Response:
    outcome, note, back = (request.form.get(name, "") for name in ("outcome", "note", "back"))
    return make_response(_resolve_form(flag_id, errors, outcome, note, back), 422)


@blueprint.get("/flags/<uuid:flag_id>/note")
@signed_in
def note(flag_id: UUID) -> str:
    """The paragraph for the patient's chart, ready to be copied."""
    now, me = wiring().clock.now(), colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        flag = next(iter(read_flags(scope, FlagQuery(flag_id=flag_id))), None)
        if flag is None or flag.patient_id is None or flag.resolved_at is None:
            abort(404)
        story = read_patient(scope, flag.patient_id, Actor("clinician", me.id, me.role), now)
        around = read_around(scope, flag.patient_id, me.id, now)
        frame = frame_of(scope, around.queue.counts, now)
        following = next(iter(queued_patients(around.queue, now)), None)
        name = around.queue.name_of(scope, following) if following else ""
    page = NotePage(
        frame=frame,
        patient_id=str(flag.patient_id),
        patient_name=f"{story.patient.family_name}, {story.patient.given_name}",
        paragraph=chart_note(frame, flag, story, around.deeds),
        next_patient_id=str(following or ""),
        next_patient_name=name,
    )
    return render_template("clinic/note.html", page=page, csrf=form_token())


def _act(
    flag_id: UUID, done: str, deed_on: FlagDeed, then: str | None = None, unsent: Unsent | None = None
) -> Response:
    """Do one thing to a flag, then show the page again with what came of it; `unsent` answers a refusal."""
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            patient_id = _flag(scope, flag_id).patient_id
            deed_on(scope, Deed(me.id, flag_id, _version()), parts.clock.now())
        flash(done)
    except NotFound:
        abort(404)
    except (StaleVersion, Conflict, Invalid) as refused:
        if unsent is not None:
            return unsent(flag_id, refused)
        flash(_first(flag_id, refused), "warning")
        then = None
    return redirect(then, 303) if then and patient_id else _back(flag_id, patient_id)


def _first(flag_id: UUID, refused: RecoveryError) -> str:
    """Tell the second nurse who was first, and when; else why nothing was changed."""
    if isinstance(refused, Invalid):
        return _("Nothing was changed: %(why)s", why=retold(refused.message))
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        changes = [event for event in read_flag_events(scope, [flag_id]) if event.kind in _CHANGES]
        zone = scope.zone
    if not changes or changes[-1].by in ("", colleague().name):
        return retold(refused.message)
    who, time = changes[-1].by, words.moment_of(changes[-1].at, zone, wiring().clock.now())
    return _("%(who)s was first, at %(time)s: %(why)s", who=who, time=time, why=retold(refused.message))


def _flag(scope: ClinicScope, flag_id: UUID) -> FlagFacts:
    flags = read_flags(scope, FlagQuery(flag_id=flag_id))
    if not flags:
        raise NotFound("There is no such flag.")
    return flags[0]


def _version() -> int | None:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _back(flag_id: UUID, patient_id: UUID | None) -> Response:
    """Back to where the deed was done, and to the same row."""
    if request.form.get("back") == "patient" and patient_id is not None:
        return redirect(f"/patients/{patient_id}", 303)
    show = request.form.get("show", "all")
    path = "/worklist" if show == "all" or show not in FILTERS else f"/worklist?show={show}"
    return redirect(f"{path}#row-{flag_id}", 303)


def _resolve_form(flag_id: UUID, errors: dict[str, str], outcome: str, note: str, back: str) -> str:
    now, me = wiring().clock.now(), colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            flag = _flag(scope, flag_id)
            patient = read_patients(scope, [flag.patient_id])[0] if flag.patient_id else None
            frame = frame_of(scope, read_counts(scope), now)
    except NotFound:
        abort(404)
    if flag.status == "resolved" and not errors:
        errors = {"flag": retold("This flag is resolved already.")}
    page = ResolvePage(
        frame=frame,
        patient_id=str(patient.id) if patient else "",
        patient_name=f"{patient.family_name}, {patient.given_name}" if patient else _("Unknown sender"),
        flag=box_of(flag, (), me.id, now, patient.language if patient else ""),
        outcomes=tuple(Choice(value, outcome_word(value)) for value in OUTCOME_WORDS),
        outcome=outcome,
        note=note,
        errors=errors,
        back=back if back == "patient" else "worklist",
        born_on=patient.born_on if patient else None,
    )
    return render_template("clinic/resolve.html", page=page, csrf=form_token())
