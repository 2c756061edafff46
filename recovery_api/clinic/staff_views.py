"""Staff and roles: who may come in and as what; leads alone, and every change after a fresh proof."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from recovery_api.clinic import words
from recovery_api.clinic.clinic_views import for_leads, frame_here, lead_deed
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, freshly_proved
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.models.clinics import ROLES
from recovery_api.services.add_clinic import NewClinician, add_clinician
from recovery_api.services.change_staff import StaffMember, change_role, disable, enable, new_link, read_staff
from recovery_api.services.read_phone import read_phone
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.wiring import wiring

blueprint = Blueprint("staff", __name__)
_ROLES = {
    "nurse": N_("Nurse"),
    "clinician": N_("Clinician"),
    "lead": N_("Lead"),
    "privacy_officer": N_("Privacy officer"),
    "operator": N_("Operator"),
}


@dataclass(frozen=True, slots=True)
class StaffPage:
    """Everybody; `link` is a one-time link, shown once, for whoever `link_for` names."""

    frame: Frame
    people: tuple[StaffMember, ...]
    roles: tuple[Choice, ...]
    me: str
    link: str = ""
    link_for: str = ""

    def role_word(self, role: str) -> str:
        """A role in words."""
        return _(_ROLES[role])

    def phone_word(self, phone: str | None) -> str:
        """A phone as it is read aloud."""
        return words.phone_of(phone) if phone else ""


@blueprint.get("/clinic/staff")
@for_leads
def staff() -> str:
    """Who may come in."""
    return _show()


@blueprint.post("/clinic/staff")
@for_leads
@freshly_proved
def add() -> ResponseReturnValue:
    """Add a colleague; their one-time link is shown once."""
    me, parts, form = colleague(), wiring(), request.form
    try:
        phone = read_phone(form["phone"], "phone") if form.get("phone", "").strip() else None
        name, email = form.get("name", "").strip(), form.get("email", "").strip()
        if not name:
            raise Invalid(_("Give a name."), field="name")
        new = NewClinician(email, name, form.get("role", ""), phone, bool(form.get("is_paged") and phone))
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            now = parts.clock.now()
            clinician_id, secret = add_clinician(scope, new, parts.vaults, now)
            actor = Actor("clinician", me.id, me.role)
            record_audit(scope, actor, "clinician.invited", ("clinician", clinician_id), now, None, {"role": new.role})
    except (Invalid, Conflict) as refused:
        flash(_("Nobody was added: %(why)s", why=retold(refused.message)), "warning")
        return redirect("/clinic/staff", 303)
    return _show(secret, name)


@blueprint.post("/clinic/staff/<uuid:clinician_id>")
@for_leads
@freshly_proved
def change(clinician_id: UUID) -> ResponseReturnValue:
    """Another role, or whether they are paged."""
    role, is_paged = request.form.get("role", ""), bool(request.form.get("is_paged"))
    return lead_deed(
        lambda scope, actor, now: change_role(scope, clinician_id, role, is_paged, actor, now),
        _("Changed."), "/clinic/staff",
    )  # fmt: skip


@blueprint.post("/clinic/staff/<uuid:clinician_id>/shut-out")
@for_leads
@freshly_proved
def shut_out(clinician_id: UUID) -> ResponseReturnValue:
    """They come in no more, from this moment."""
    return lead_deed(
        lambda scope, actor, now: disable(scope, clinician_id, actor, now),
        _("They come in no more. Every session and token has ended."), "/clinic/staff",
    )  # fmt: skip


@blueprint.post("/clinic/staff/<uuid:clinician_id>/let-in")
@for_leads
@freshly_proved
def let_in(clinician_id: UUID) -> ResponseReturnValue:
    """They may come in again."""
    return lead_deed(
        lambda scope, actor, now: enable(scope, clinician_id, actor, now), _("They may come in again."), "/clinic/staff"
    )


@blueprint.post("/clinic/staff/<uuid:clinician_id>/link")
@for_leads
@freshly_proved
def link(clinician_id: UUID) -> ResponseReturnValue:
    """A fresh one-time link, shown once."""
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            secret = new_link(scope, clinician_id, Actor("clinician", me.id, me.role), parts.clock.now())
            name = next(one.name for one in read_staff(scope) if one.id == clinician_id)
    except NotFound:
        abort(404)
    except Conflict as refused:
        flash(retold(refused.message), "warning")
        return redirect("/clinic/staff", 303)
    return _show(secret, name)


def _show(secret: str = "", name: str = "") -> str:
    now: datetime = wiring().clock.now()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        people, frame = tuple(read_staff(scope)), frame_here(scope, now)
    where = f"{wiring().settings.public_url.rstrip('/')}/set-up/{secret}" if secret else ""
    roles = tuple(Choice(role, _(_ROLES[role])) for role in ROLES)
    page = StaffPage(frame, people, roles, str(colleague().id), where, name)
    return render_template("clinic/staff.html", page=page, csrf=form_token())
