"""The inbox: texts that only a person can place or understand, and the decision that closes each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.frame import Choice
from recovery_api.clinic.pages import InboxItem, InboxPage
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.services.place_text import people_on_phones, place_text
from recovery_api.services.read_flags import read_patients
from recovery_api.services.read_inbox import InboxText, close_inbox_text, read_inbox
from recovery_api.services.read_worklist import read_worklist
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("inbox", __name__)
MOST_CANDIDATES = 500

_KINDS = {
    "unknown_sender": "unknown_sender",
    "shared_phone": "shared_phone",
    "opted_out": "opt_out",
    "helped": "help",
    "call_asked": "call",
    "wrong_person": "wrong_person",
    "deceased": "deceased",
    "visit_answered": "visit",
}


@blueprint.get("/inbox")
@signed_in
def inbox() -> str:
    """The texts that need a person."""
    now, me = wiring().clock.now(), colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        texts = read_inbox(scope)
        named = [text.patient_id for text in texts if text.patient_id]
        people = (
            {one.id: f"{one.family_name}, {one.given_name}" for one in read_patients(scope, named)} if named else {}
        )
        candidates = _candidates(scope, texts)
        frame = frame_of(scope, read_worklist(scope, now), now)
    page = InboxPage(frame, tuple(_item(text, people, candidates) for text in texts))
    return render_template("clinic/inbox.html", page=page, csrf=form_token())


def _deal_with(scope: ClinicScope, message_id: UUID, patient: str, now: datetime) -> None:
    me = colleague()
    if not patient:
        close_inbox_text(scope, message_id, me.id, request.form.get("note", ""), now)
        return
    try:
        patient_id = UUID(patient)
    except ValueError:
        abort(422)
    place_text(scope, message_id, patient_id, Actor("clinician", me.id, me.role), now)
    flash("The text is on the patient's page now, judged like every answer.")


def _candidates(scope: ClinicScope, texts: Sequence[InboxText]) -> dict[str, tuple[Choice, ...]]:
    """Whose an unplaced text may be, by its phone: those who share it, or anybody in a recovery."""
    phones = sorted({text.phone for text in texts if text.patient_id is None})
    if not phones:
        return {}
    sharing = people_on_phones(scope, phones)
    people = [one for one in read_patients(scope) if one.episode_id is not None and one.status == "active"]
    named = sorted((f"{one.family_name}, {one.given_name}, born {one.born_on.year}", one.id) for one in people)
    return {
        phone: tuple(
            Choice(str(patient_id), label)
            for label, patient_id in named
            if patient_id in sharing[phone] or not sharing[phone]
        )[:MOST_CANDIDATES]
        for phone in phones
    }


def _item(text: InboxText, people: dict[UUID, str], candidates: dict[str, tuple[Choice, ...]]) -> InboxItem:
    return InboxItem(
        message_id=str(text.id),
        kind=_KINDS.get(text.disposition, "unreadable"),
        at=text.at,
        sender=text.phone,
        body=text.body,
        because=text.because,
        candidates=() if text.patient_id else candidates.get(text.phone, ()),
        patient_id=str(text.patient_id) if text.patient_id in people else "",
        patient_name=people.get(text.patient_id, "") if text.patient_id else "",
    )


@blueprint.post("/inbox/<uuid:message_id>/done")
@signed_in
def inbox_done(message_id: UUID) -> Response:
    """A person has dealt with the text, or says whose it is."""
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            _deal_with(scope, message_id, request.form.get("patient_id", ""), parts.clock.now())
    except (NotFound, Conflict):
        flash("Somebody else dealt with that message already.", "warning")
    return redirect("/inbox", 303)
