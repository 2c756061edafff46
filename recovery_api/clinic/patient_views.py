"""The patient's page and the message to a patient."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from recovery_api.clinic.frame import Choice, StoryLine
from recovery_api.clinic.patient_page import ContactLine, PatientPage, PlanItem, ThreadMessage, Visit
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.shown import SEXES, box_of, course_of, story_of
from recovery_api.clinic.story import FAILED, delivery_words
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.models import tables
from recovery_api.services.read_patient import PatientStory, Text, read_patient
from recovery_api.services.read_worklist import Worklist, read_worklist
from recovery_api.services.record_audit import Actor
from recovery_api.services.write_to_patient import write_to_patient
from recovery_api.wiring import wiring

blueprint = Blueprint("patients", __name__)

KIND_WORDS = {
    "check_in": "Pain question",
    "rest": "Advice on rest",
    "posture": "Advice on posture",
    "activity": "Advice on activity",
    "medication": "Advice on medicines",
    "follow_up_visit": "Reminder of the visit",
    "preparation": "Preparation",
}
_STATE_WORDS = {
    "invited": "was asked to join, has not yet",
    "active": "takes texts",
    "opted_out": "opted out of texts: call instead",
    "unusable": "takes no texts: landline or unreachable",
    "wrong_person": "belongs to somebody else",
}


@blueprint.get("/patients/<uuid:patient_id>")
@signed_in
def patient(patient_id: UUID) -> str:
    """One patient's whole story."""
    return _show(patient_id)


def _show(patient_id: UUID, draft: str = "") -> str:
    now, me = wiring().clock.now(), colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            story = read_patient(scope, patient_id, Actor("clinician", me.id, me.role), now)
            worklist = read_worklist(scope, now)
            page = _page(scope, story, worklist, now, draft)
    except NotFound:
        abort(404)
    return render_template("clinic/patient.html", page=page, csrf=form_token())


def _page(scope: ClinicScope, story: PatientStory, worklist: Worklist, now: datetime, draft: str) -> PatientPage:
    facts, me = story.patient, colleague()
    order = [entry.patient for entry in worklist.entries if entry.patient]
    position = next((at for at, one in enumerate(order) if one.id == facts.id), None)
    following = order[position + 1] if position is not None and position + 1 < len(order) else None
    shown = [flag for flag in story.flags if flag.status != "resolved"]
    evidence = {flag.message_id for flag in story.flags if flag.message_id}
    phone = story.phones[0] if story.phones else None
    return PatientPage(
        frame=frame_of(scope, worklist, now),
        patient_id=str(facts.id),
        given_name=facts.given_name,
        family_name=facts.family_name,
        born_on=facts.born_on,
        sex=SEXES[facts.sex],
        record_number=facts.record_number or "",
        phone=phone.number if phone else "",
        language=facts.language,
        procedure=f"Vertebroplasty {', '.join(facts.levels)}",
        procedure_on=facts.performed_on or facts.created_at.date(),
        course=course_of(facts, story.answers, story.today, story.flags),
        flags=tuple(box_of(flag, story.events, me.id, now, facts.language) for flag in shown),
        story=_happened(story),
        thread=tuple(_bubble(text, facts.given_name, scope.name, evidence, facts.language) for text in story.texts),
        visits=tuple(Visit(v.starts_at, "Follow-up visit", v.status.replace("_", " ")) for v in story.visits),
        contacts=tuple(
            ContactLine(f"{p.whose.capitalize()} {p.label}", p.number, _STATE_WORDS[p.state], p.state != "active")
            for p in story.phones
        ),
        plan=tuple(PlanItem(item.due_at, KIND_WORDS[item.kind]) for item in story.plan),
        colleagues=_colleagues(scope, me.id),
        position=position + 1 if position is not None else None,
        position_of=len(order),
        next_patient_id=str(following.id) if following else "",
        next_patient_name=f"{following.family_name}, {following.given_name}" if following else "",
        composer_blocked="" if phone and phone.state == "active" else "This phone takes no texts. Please call.",
        draft=draft,
    )


def _happened(story: PatientStory) -> tuple[StoryLine, ...]:
    """Flag events and the texts that matter for safety, newest first."""
    lines = list(story_of(story.events))
    lines += [
        StoryLine(text.at, f"Safety text: {delivery_words(text)}") for text in story.texts if text.purpose == "safety"
    ]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))


def _bubble(text: Text, patient: str, clinic: str, evidence: set[UUID], language: str) -> ThreadMessage:
    return ThreadMessage(
        direction=text.direction,
        body=text.body,
        at=text.at,
        author=patient if text.direction == "in" else clinic,
        state="" if text.direction == "in" else delivery_words(text),
        has_failed=text.state in FAILED,
        is_evidence=text.id in evidence,
        language=language,
    )


def _colleagues(scope: ClinicScope, me: UUID) -> tuple[Choice, ...]:
    clinician = tables.clinician
    rows = scope.connection.execute(
        select(clinician.c.id, clinician.c.name_sealed).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.disabled_at.is_(None),
            clinician.c.role.in_(("nurse", "clinician", "lead")),
        )
    )
    return tuple(
        Choice(str(row.id), scope.vault.open("clinician.name", row.id, row.name_sealed)) for row in rows if row.id != me
    )


@blueprint.post("/patients/<uuid:patient_id>/messages")
@signed_in
def write(patient_id: UUID) -> Response | tuple[str, int]:
    """Send a text to a patient."""
    me, parts, body = colleague(), wiring(), request.form.get("body", "")
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            write_to_patient(scope, patient_id, body, Actor("clinician", me.id, me.role), parts.clock.now())
    except NotFound:
        abort(404)
    except (Invalid, Conflict) as refused:
        flash(f"The text was not sent: {refused.message}", "warning")
        return _show(patient_id, body), 422
    flash("The text is on its way.")
    return redirect(f"/patients/{patient_id}", 303)
