"""The inbox: texts that only a person can place or understand, and the decision that closes each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.frame import Choice
from recovery_api.clinic.inbox_page import InboxItem, InboxPage
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound, RecoveryError
from recovery_api.services.patient_facts import PatientFacts, read_patients, read_with_first
from recovery_api.services.place_text import people_on_phones, place_text
from recovery_api.services.read_counts import read_counts
from recovery_api.services.read_inbox import InboxText, close_inbox_text, read_inbox, who_closed
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("inbox", __name__)
FEW_PATIENTS = 50  # of a clinic, who are offered in a list; more are searched
MOST_TEXTS = 200

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
        texts = read_inbox(scope, MOST_TEXTS)
        people, candidates = _people(scope, texts)
        frame = frame_of(scope, read_counts(scope), now)
    page = InboxPage(frame, tuple(_item(text, people, candidates) for text in texts))
    return render_template("clinic/inbox.html", page=page, csrf=form_token())


_DECIDED = {
    "nothing_to_do": N_("Read, nothing to do"),
    "called": N_("Called"),
    "written_to": N_("Wrote back"),
    "not_ours": N_("Not for us"),
    "asked_to_stop": N_("Stays without texts"),
    "visit_moved": N_("Visit moved"),
    "phone_put_away": N_("Phone is put away"),
    "other": N_("Something else"),
}
_OFFERED = {
    "unknown_sender": ("not_ours", "called", "other"),
    "shared_phone": ("called", "nothing_to_do", "other"),
    "opt_out": ("asked_to_stop", "called", "other"),
    "help": ("called", "written_to", "nothing_to_do", "other"),
    "call": ("called", "written_to", "other"),
    "wrong_person": ("phone_put_away", "called", "other"),
    "deceased": ("called", "other"),
    "visit": ("visit_moved", "called", "other"),
}
_UNREADABLE = ("called", "written_to", "nothing_to_do", "other")


def _deal_with(scope: ClinicScope, message_id: UUID, patient: str, now: datetime) -> None:
    me = colleague()
    if not patient:
        decision, note = request.form.get("decision", ""), request.form.get("note", "")
        close_inbox_text(scope, message_id, me.id, note, now, decision)
        flash(_("Decided: %(what)s.", what=_(_DECIDED[decision])))
        return
    try:
        patient_id = UUID(patient)
    except ValueError:
        abort(422)
    place_text(scope, message_id, patient_id, Actor("clinician", me.id, me.role), now)
    flash(_("The text is on the patient's page now, judged like every answer."))


def _people(scope: ClinicScope, texts: Sequence[InboxText]) -> tuple[dict[UUID, str], dict[str, tuple[Choice, ...]]]:
    """The names of those who wrote, and by its phone whose an unplaced text may be.

    They are those who share the phone, or where nobody has it anybody in a recovery; in a clinic of many none is
    offered, and the names stay sealed: the nurse searches.
    """
    phones = sorted({text.phone for text in texts if text.patient_id is None})
    sharing = people_on_phones(scope, phones) if phones else {}
    wanted = list({text.patient_id for text in texts if text.patient_id}.union(*sharing.values()))
    if all(sharing.values()):
        people = read_patients(scope, wanted) if wanted else []
    else:
        people = read_with_first(scope, wanted, FEW_PATIENTS + 1)
    is_few = len(people) <= FEW_PATIENTS
    running = (one for one in people if one.episode_id is not None and one.status == "active")
    named = sorted((_born(one), one.id) for one in running)
    candidates = {
        phone: tuple(
            Choice(str(patient_id), label)
            for label, patient_id in named
            if patient_id in of_phone or (is_few and not of_phone)
        )
        for phone, of_phone in sharing.items()
    }
    return {one.id: f"{one.family_name}, {one.given_name}" for one in people}, candidates


def _born(one: PatientFacts) -> str:
    return _("%(name)s, born %(year)s", name=f"{one.family_name}, {one.given_name}", year=one.born_on.year)


def _item(text: InboxText, people: dict[UUID, str], candidates: dict[str, tuple[Choice, ...]]) -> InboxItem:
    kind = _KINDS.get(text.disposition, "unreadable")
    return InboxItem(
        message_id=str(text.id),
        kind=kind,
        at=text.at,
        sender=text.phone,
        body=text.body,
        because=retold(text.because),
        candidates=() if text.patient_id else candidates.get(text.phone, ()),
        dispositions=tuple(Choice(one, _(_DECIDED[one])) for one in _OFFERED.get(kind, _UNREADABLE)),
        patient_id=str(text.patient_id) if text.patient_id in people else "",
        is_searched=text.patient_id is None and not candidates.get(text.phone),
        patient_name=people.get(text.patient_id, "") if text.patient_id else "",
    )


@blueprint.post("/inbox/<uuid:message_id>/done")
@signed_in
def inbox_done(message_id: UUID) -> Response:
    """A person has dealt with the text, or says whose it is; the next one has the focus then."""
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            _deal_with(scope, message_id, request.form.get("patient_id", ""), parts.clock.now())
    except (NotFound, Conflict) as refused:
        flash(_first(message_id, refused), "warning")
    except Invalid:
        flash(_("Choose a decision. “Something else” needs a note."), "warning")
    following = request.args.get("next", "", type=_as_id)
    return redirect(f"/inbox#message-{following}" if following else "/inbox", 303)


def _first(message_id: UUID, refused: RecoveryError) -> str:
    """Tell the second nurse who was first, and when; else why not."""
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        found = who_closed(scope, message_id)
        if found is None:
            return retold(refused.message)
        who, at = found
        time = words.moment_of(at, scope.zone, wiring().clock.now())
        return _("%(who)s dealt with that message already, at %(time)s.", who=who, time=time)


def _as_id(said: str) -> str:
    return str(UUID(said))
