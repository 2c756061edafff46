"""The worklist and what a clinician does with a flag."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, g, get_flashed_messages, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.flags import WorklistRow
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.pages import FILTERS, HandoverPage, ResolvePage, WorklistPage
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.shown import OUTCOME_WORDS, box_of, row_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound, RecoveryError, StaleVersion
from recovery_api.services.answer_flags import (
    Deed,
    acknowledge_flag,
    assign_flag,
    reopen_flag,
    resolve_flag,
    snooze_flag,
)
from recovery_api.services.read_flags import FlagQuery, read_flags, read_patients
from recovery_api.services.read_worklist import Worklist, WorklistEntry, read_worklist
from recovery_api.wiring import wiring

blueprint = Blueprint("worklist", __name__)


def frame_of(scope: ClinicScope, worklist: Worklist, now: datetime) -> Frame:
    """The frame around a page of this clinician."""
    return Frame(
        clinic_name=scope.name,
        clinician_name=colleague().name,
        now=now,
        zone=scope.zone,
        open_count=len(worklist.entries),
        inbox_count=worklist.inbox,
        degraded=g.get("degraded", ""),
        notice=" ".join(map(str, get_flashed_messages(category_filter=["message"]))),
        warning=" ".join(map(str, get_flashed_messages(category_filter=["warning"]))),
        is_demo=wiring().settings.env == "demo",
        proof=g.get("proof"),
    )


@blueprint.get("/worklist")
@signed_in
def worklist() -> str:
    """Who needs somebody, why, and since when."""
    return render_template("clinic/worklist.html", page=_page(), csrf=form_token())


@blueprint.get("/worklist/rows")
@signed_in
def worklist_rows() -> Response:
    """The rows alone, for the page that is open already."""
    page = _page()
    body = render_template("clinic/_worklist_rows.html", page=page, csrf=form_token())
    response = make_response(body)
    response.set_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    return response.make_conditional(request)


@blueprint.get("/worklist/handover")
@signed_in
def handover() -> str:
    """The sheet for the next shift."""
    page = _page("all")
    sheet = HandoverPage(page.frame, page.rows, f"{page.heading}. {page.summary}")
    return render_template("clinic/worklist_handover.html", page=sheet, csrf=form_token())


def _page(show: str | None = None) -> WorklistPage:
    now, me = wiring().clock.now(), colleague()
    wanted = show or request.args.get("show", "all")
    if wanted not in FILTERS:
        abort(404)
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        found = read_worklist(scope, now)
        frame = frame_of(scope, found, now)
    rows = sorted((row_of(entry, me.id, now) for entry in found.entries), key=_place)
    shown = {name: [row for row in rows if belongs(row)] for name, belongs in _BELONGS.items()}
    shown["mine"] = sorted((row_of(entry, me.id, now) for entry in _mine(found.entries, me.id)), key=_place)
    shown["resolved"] = [row_of(entry, me.id, now) for entry in found.resolved_today]
    groups = [row.group for row in rows]
    return WorklistPage(
        frame=frame,
        show=wanted,
        counts={name: len(shown[name]) for name in FILTERS},
        group_counts={group.value: groups.count(group) for group in words.Group},
        rows=tuple(shown[wanted]),
        total_patients=found.total_patients,
        last_reply_at=found.last_reply_at,
    )


def _place(row: WorklistRow) -> tuple[int, bool, float]:
    """By group, then those whom nobody owns, then the longest waiting."""
    return list(words.Group).index(row.group), bool(row.owner), -row.waiting.minutes


def _mine(entries: Iterable[WorklistEntry], me: UUID) -> list[WorklistEntry]:
    """The patients of whom this clinician owns a flag, with that flag leading."""
    led = []
    for entry in entries:
        own = [flag for flag in entry.flags if flag.owner_id == me and flag.status == "acknowledged"]
        if own:
            led.append(replace(entry, flags=(*own, *(flag for flag in entry.flags if flag not in own))))
    return led


_BELONGS: dict[str, Callable[[WorklistRow], bool]] = {
    "all": lambda row: True,
    "unassigned": lambda row: row.awaits_acknowledgement,
    "silent": lambda row: row.group is words.Group.SILENT,
}


@blueprint.post("/flags/<uuid:flag_id>/acknowledge")
@signed_in
def acknowledge(flag_id: UUID) -> Response:
    """Take a flag."""
    return _act(flag_id, "You own this flag now.", lambda scope, deed, now: acknowledge_flag(scope, deed, now))


@blueprint.post("/flags/<uuid:flag_id>/assign")
@signed_in
def assign(flag_id: UUID) -> Response:
    """Hand a flag to a colleague."""
    try:
        assignee = UUID(request.form.get("assignee", ""))
    except ValueError:
        abort(422)
    return _act(flag_id, "The flag was handed on.", lambda scope, deed, now: assign_flag(scope, deed, assignee, now))


@blueprint.post("/flags/<uuid:flag_id>/snooze")
@signed_in
def snooze(flag_id: UUID) -> Response:
    """Put a flag off for a while."""
    minutes = request.form.get("minutes", "")
    if not minutes.isascii() or not minutes.isdigit() or len(minutes) > 5:
        abort(422)
    wait = timedelta(minutes=int(minutes))
    reason = request.form.get("reason", "").strip() or f"look again in {words.duration(int(minutes))}"
    return _act(
        flag_id, "The flag was put off.", lambda scope, deed, now: snooze_flag(scope, deed, now + wait, reason, now)
    )


@blueprint.post("/flags/<uuid:flag_id>/reopen")
@signed_in
def reopen(flag_id: UUID) -> Response:
    """Open a resolved flag again."""
    note = request.form.get("note", "")
    return _act(flag_id, "The flag is open again.", lambda scope, deed, now: reopen_flag(scope, deed, note, now))


def _act(flag_id: UUID, done: str, deed_on: Callable[[ClinicScope, Deed, datetime], int]) -> Response:
    """Do one thing to a flag, then show the page again with what came of it."""
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            patient_id = _patient_of(scope, flag_id)
            deed_on(scope, Deed(me.id, flag_id, _version()), parts.clock.now())
        flash(done)
    except NotFound:
        abort(404)
    except (StaleVersion, Conflict, Invalid) as refused:
        flash(_first(flag_id, refused), "warning")
    return _back(patient_id)


def _first(flag_id: UUID, refused: RecoveryError) -> str:
    """Tell the second nurse who was first."""
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        flags = read_flags(scope, FlagQuery(flag_id=flag_id))
    owner = flags[0].owner if flags else ""
    return f"{owner} was first: {refused.message}" if owner and flags[0].owner_id != me.id else refused.message


def _patient_of(scope: ClinicScope, flag_id: UUID) -> UUID | None:
    flags = read_flags(scope, FlagQuery(flag_id=flag_id))
    if not flags:
        raise NotFound("There is no such flag.")
    return flags[0].patient_id


def _version() -> int | None:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _back(patient_id: UUID | None) -> Response:
    if request.form.get("back") == "patient" and patient_id is not None:
        return redirect(f"/patients/{patient_id}", 303)
    show = request.form.get("show", "all")
    return redirect("/worklist" if show == "all" or show not in FILTERS else f"/worklist?show={show}", 303)


@blueprint.get("/flags/<uuid:flag_id>/resolve")
@signed_in
def show_resolve(flag_id: UUID) -> str:
    """The form that closes a flag."""
    return _resolve_form(flag_id, {}, "", "", request.args.get("back", "worklist"))


@blueprint.post("/flags/<uuid:flag_id>/resolve")
@signed_in
def resolve(flag_id: UUID) -> Response:
    """Close a flag with an outcome and a note."""
    outcome, note = request.form.get("outcome", ""), request.form.get("note", "")
    errors = {}
    if outcome not in OUTCOME_WORDS:
        errors["outcome"] = "Choose an outcome."
    if not note.strip():
        errors["note"] = "Write a note: whom you reached and what was said."
    if errors:
        back = request.form.get("back", "worklist")
        return make_response(_resolve_form(flag_id, errors, outcome, note, back), 422)
    done = "Still open: this patient could not be reached." if outcome == "could_not_reach" else "Resolved."
    return _act(flag_id, done, lambda scope, deed, now: resolve_flag(scope, deed, outcome, note, now))


def _resolve_form(flag_id: UUID, errors: dict[str, str], outcome: str, note: str, back: str) -> str:
    now, me = wiring().clock.now(), colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        flags = read_flags(scope, FlagQuery(flag_id=flag_id))
        if not flags:
            abort(404)
        patient_id = flags[0].patient_id
        patient = read_patients(scope, [patient_id])[0] if patient_id else None
        frame = frame_of(scope, read_worklist(scope, now), now)
    page = ResolvePage(
        frame=frame,
        patient_id=str(patient.id) if patient else "",
        patient_name=f"{patient.family_name}, {patient.given_name}" if patient else "Unknown sender",
        flag=box_of(flags[0], (), me.id, now, patient.language if patient else ""),
        outcomes=tuple(Choice(value, label) for value, label in OUTCOME_WORDS.items()),
        outcome=outcome,
        note=note,
        errors=errors,
        back=back if back == "patient" else "worklist",
    )
    return render_template("clinic/resolve.html", page=page, csrf=form_token())
