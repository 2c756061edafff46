"""Opening a chart in an emergency, for staff whose role opens none; and what leads and privacy officers see of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from recovery_api.clinic import words
from recovery_api.clinic.enrol_page import Filled, Wrong
from recovery_api.clinic.session import CLINICAL_ROLES, colleague, form_token, freshly_proved, on_staff
from recovery_api.clinic.words import N_
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import Invalid, NotFound
from recovery_api.domain.written_days import read_day
from recovery_api.services.look_in_emergency import LEAST_WORDS, Look, begin_look, list_looks
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.wiring import wiring

blueprint = Blueprint("emergency", __name__)
REASONS = {
    "emergency": N_("An emergency of this patient"),
    "cover": N_("Nobody whose role it is can be reached"),
    "complaint": N_("A complaint or an incident"),
    "other": N_("Something else"),
}
LABELS = {
    "family_name": N_("Family name"),
    "born_on": N_("Birth date"),
    "reason": N_("Reason"),
    "words": N_("Why, in your words"),
}
SEES_LOOKS = ("lead", "privacy_officer")


@dataclass(frozen=True, slots=True)
class EmergencyPage:
    """The form that opens a chart, where the role needs it, and the looks that were taken."""

    now: datetime
    zone: tzinfo
    may_ask: bool
    filled: Filled
    looks: tuple[Look, ...]
    reasons: Mapping[str, str]
    labels: Mapping[str, str]
    least_words: int = LEAST_WORDS
    sees_looks: bool = True

    def moment(self, at: datetime) -> str:
        """An instant in the clinic's zone."""
        return words.moment_of(at, self.zone, self.now)


@blueprint.get("/emergency")
@on_staff
@freshly_proved
def form() -> Response:
    """The form, and the looks of thirty days."""
    return _page(Filled({}))


@blueprint.post("/emergency")
@on_staff
@freshly_proved
def begin() -> BaseResponse:
    """Open one chart for an hour."""
    me, parts, given = colleague(), wiring(), request.form
    if me.role in CLINICAL_ROLES:
        abort(403)
    try:
        born_on = read_day(given.get("born_on", ""), "born_on")
        actor = Actor("clinician", me.id, me.role)
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            name, reason, said = (given.get(field, "") for field in ("family_name", "reason", "words"))
            patient_id: UUID = begin_look(scope, name, born_on, reason, said, actor, parts.clock.now())
    except Invalid as refused:
        return _page(Filled(given, [Wrong(refused.field or "words", refused.message)]), 422)
    except NotFound:
        return _page(Filled(given, [Wrong("family_name", "and birth date are of no one patient")]), 422)
    return redirect(f"/patients/{patient_id}", 303)


def _page(filled: Filled, status: int = 200) -> Response:
    me, now = colleague(), wiring().clock.now()
    sees = me.role in SEES_LOOKS
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        looks = tuple(list_looks(scope, now)) if sees else ()
        if sees:
            actor, clinic = Actor("clinician", me.id, me.role), ("clinic", scope.clinic_id)
            record_audit(scope, actor, "emergency_looks.listed", clinic, now, None, {"found": len(looks)})
        zone = scope.zone
    page = EmergencyPage(now, zone, me.role not in CLINICAL_ROLES, filled, looks, REASONS, LABELS, sees_looks=sees)
    return make_response(render_template("clinic/emergency.html", page=page, csrf=form_token()), status)
