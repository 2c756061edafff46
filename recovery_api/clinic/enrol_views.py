"""Enrolment: the form, the patients who wait for a day, and what to do next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.enrol_page import (
    DayPage,
    EnrolledPage,
    EnrolPage,
    Filled,
    FormFacts,
    WaitingLine,
    Wrong,
)
from recovery_api.clinic.frame import Choice
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.vertebrae import VERTEBRAE
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.packs.texts import LANGUAGES
from recovery_api.services.change_consent import invitation
from recovery_api.services.find_protocol import version_in_force
from recovery_api.services.invite_phone import call_words
from recovery_api.services.plan_procedure import Planned, list_planned, read_planned
from recovery_api.services.read_counts import read_counts
from recovery_api.services.read_enrolled import read_enrolled
from recovery_api.services.read_enrolment import FIELDS, Trouble, Unreadable, read_enrolment, read_procedure
from recovery_api.services.record_audit import Actor
from recovery_api.services.start_episode import start_episode
from recovery_api.services.take_enrolment import take_enrolment
from recovery_api.wiring import wiring

blueprint = Blueprint("enrolment", __name__)
ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico",
)  # fmt: skip


@blueprint.get("/enrol")
@signed_in
def form() -> Response:
    """The form, empty."""
    return _form(Filled({"language": "en", "line": "sms", "when": "day", "check_in_time": "09:30"}))


@blueprint.post("/enrol")
@signed_in
def enrol() -> Response:
    """Enrol a patient; with an error the form comes back with everything that stood in it."""
    parts = wiring()
    given = _given()
    try:
        with clinic_transaction(colleague().clinic_id, parts.vaults) as scope:
            now = parts.clock.now()
            enrolment = read_enrolment(given, scope.zone.key, now)
            if slips := _open_questions(given):
                raise Unreadable(slips)
            taken = take_enrolment(scope, enrolment, _actor(), now)
    except Unreadable as refused:
        known = {trouble.field for trouble in refused.troubles}
        slips = [slip for slip in _open_questions(given) if slip.field not in known]
        return _form(Filled(_kept(), _wrong([*refused.troubles, *slips])), 422)
    except (Invalid, Conflict) as refused:
        return _form(Filled(_kept(), _wrong([Trouble(refused.field or "phone", refused.message)])), 422)
    return redirect(f"/enrol/{taken.patient_id}", 303)


@blueprint.get("/enrol/<uuid:patient_id>")
@signed_in
def enrolled(patient_id: UUID) -> str:
    """What was done, and what to do next: the sheet with the code, the patient's page, the next patient."""
    parts, me = wiring(), colleague()
    now = parts.clock.now()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            found = read_enrolled(scope, patient_id, _actor(), now)
            frame = frame_of(scope, read_counts(scope), now)
    except NotFound:
        abort(404)
    page = EnrolledPage(
        frame=frame,
        patient_id=str(patient_id),
        name=f"{found.family_name}, {found.given_name}",
        phone=found.phone,
        is_called=found.channel == "voice",
        waits_for_day=found.episode_id is None,
        next_text=words.moment_of(found.next_due_at, scope.zone, now) if found.next_due_at else "",
    )
    return render_template("clinic/enrolled.html", page=page, csrf=form_token())


@blueprint.get("/enrol/<uuid:patient_id>/day")
@signed_in
def day(patient_id: UUID) -> Response:
    """The form that gives a planned procedure its day."""
    parts = wiring()
    try:
        with clinic_transaction(colleague().clinic_id, parts.vaults) as scope:
            known = read_planned(scope, patient_id, _actor(), parts.clock.now())
    except NotFound:
        abort(404)
    pain = "" if known.baseline_pain is None else str(known.baseline_pain)
    given = {"baseline_pain": pain, "check_in_time": f"{known.check_in_time:%H:%M}"}
    return _day(known, Filled(given | {f"level-{level}": "1" for level in known.levels}))


@blueprint.post("/enrol/<uuid:patient_id>/day")
@signed_in
def give_day(patient_id: UUID) -> Response:
    """Start the recovery of somebody who waited for a day."""
    parts = wiring()
    known, now = None, parts.clock.now()
    try:
        with clinic_transaction(colleague().clinic_id, parts.vaults) as scope:
            known = read_planned(scope, patient_id, _actor(), now)
            start_episode(scope, patient_id, read_procedure(_given(), now), _actor(), now)
    except NotFound:
        abort(404)
    except Unreadable as refused:
        return _day(known, Filled(_kept(), _wrong(refused.troubles)), 422)
    except Conflict as refused:
        return _day(known, Filled(_kept(), _wrong([Trouble("procedure_on", refused.message)])), 422)
    return redirect(f"/enrol/{patient_id}", 303)


def _given() -> dict[str, str]:
    """The fields as the services read them: typed and ticked levels together, an open day as none."""
    given = {name: value for name, value in request.form.items() if name not in ("csrf", "when")}
    ticked = [level for level in VERTEBRAE if given.pop(f"level-{level}", "")]
    given["levels"] = " ".join((given.get("levels", ""), *ticked)).strip()
    if request.form.get("when") == "open":
        given["procedure_on"] = ""
    return given


def _kept() -> Mapping[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf"}


def _open_questions(given: Mapping[str, str]) -> list[Trouble]:
    """A form, unlike a sheet, asks whether the day is open: an empty one is a slip."""
    if request.form.get("when") == "open" or given.get("procedure_on", "").strip():
        return []
    return [Trouble("procedure_on", "is missing: give the day, or say that it is open")]


def _wrong(troubles: Sequence[Trouble]) -> list[Wrong]:
    in_order = sorted(troubles, key=lambda one: FIELDS.index(one.field) if one.field in FIELDS else 0)
    return [Wrong(one.field, one.message, str(one.patient_id or "")) for one in in_order]


def _form(filled: Filled, status: int = 200) -> Response:
    parts = wiring()
    now = parts.clock.now()
    with clinic_transaction(colleague().clinic_id, parts.vaults) as scope:
        frame = frame_of(scope, read_counts(scope), now)
        facts = _facts(scope)
        waiting = tuple(_waiting(one, now) for one in list_planned(scope, _actor(), now))
    page = EnrolPage(frame, facts, filled, waiting)
    return make_response(render_template("clinic/enrol.html", page=page, csrf=form_token()), status)


def _facts(scope: ClinicScope) -> FormFacts:
    own, pack = scope.zone.key, protocol_pack()
    version = version_in_force(scope)
    return FormFacts(
        zones=(own, *(zone for zone in ZONES if zone != own)),
        protocol=Choice(pack.name, _("%(name)s, version %(version)s", name=pack.name.capitalize(), version=version)),
        asked={language: invitation(scope, language, "patient") for language in LANGUAGES},
        called={language: call_words(scope.name, language) for language in LANGUAGES},
    )


def _waiting(one: Planned, now: datetime) -> WaitingLine:
    about = f"{_('%(age)s y', age=words.age_on(one.born_on, now.date()))} · {', '.join(one.levels)}"
    return WaitingLine(str(one.patient_id), f"{one.family_name}, {one.given_name}", about)


def _day(known: Planned | None, filled: Filled, status: int = 200) -> Response:
    if known is None:
        abort(404)
    parts = wiring()
    now = parts.clock.now()
    with clinic_transaction(colleague().clinic_id, parts.vaults) as scope:
        frame = frame_of(scope, read_counts(scope), now)
    name = f"{known.family_name}, {known.given_name}"
    page = DayPage(frame, str(known.patient_id), name, known.born_on, filled)
    return make_response(render_template("clinic/enrol_day.html", page=page, csrf=form_token()), status)


def _actor() -> Actor:
    me = colleague()
    return Actor("clinician", me.id, me.role)
