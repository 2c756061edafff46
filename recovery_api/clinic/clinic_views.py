"""The clinic itself: the way to its reports, ladder, rota, protocol, texts, staff and audit, and who may go where."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec

from flask import Blueprint, abort, flash, redirect, render_template
from werkzeug.wrappers import Response

from recovery_api.clinic.frame import Frame
from recovery_api.clinic.pack_words import pack_words
from recovery_api.clinic.session import CLINICAL_ROLES, colleague, form_token, open_to, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotFound, PackError
from recovery_api.services.read_counts import read_counts
from recovery_api.services.record_audit import Actor
from recovery_api.services.sign_rules import SIGNERS
from recovery_api.wiring import wiring

blueprint = Blueprint("clinic_itself", __name__)
P = ParamSpec("P")
LeadDeed = Callable[[ClinicScope, Actor, datetime], object]

_LEADS = ("lead",)
_PLACES = (
    (
        "/clinic/reports",
        N_("Reports"),
        N_("Replies, waits, flags, usefulness of the rules, recovery by cohort"),
        CLINICAL_ROLES,
    ),
    ("/clinic/ladder", N_("Ladder"), N_("Who is told of a flag, how, and after how many minutes"), CLINICAL_ROLES),
    ("/clinic/rota", N_("Rota"), N_("Who is on duty when, hand-over, holidays"), CLINICAL_ROLES),
    (
        "/clinic/rules",
        N_("Rules"),
        N_("What raises a flag, tried on your own history; a change needs two people"),
        SIGNERS,
    ),
    ("/clinic/protocol", N_("Protocol"), N_("What patients are asked and told, and when"), CLINICAL_ROLES),
    ("/texts", N_("Texts"), N_("The words of every text; a change needs two people"), CLINICAL_ROLES),
    ("/clinic/staff", N_("Staff and roles"), N_("Who may sign in, and in which role"), _LEADS),
    ("/clinic/audit", N_("Audit"), N_("Who did or saw what"), _LEADS),
    ("/export", N_("Take records away"), N_("The study table, and one patient's whole record"), _LEADS),
    ("/emergency", N_("Charts opened in an emergency"), N_("By whom, when and why"), _LEADS),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the clinic's own."""

    path: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class ClinicPage:
    """The way to every page of the clinic's own."""

    frame: Frame
    places: tuple[Place, ...]


def is_lead() -> bool:
    """Whether the clinician whose page this is leads the clinic."""
    return bool(colleague().role == "lead")


def for_leads(view: Callable[P, Any]) -> Callable[P, Any]:
    """Let only leads in, once they are signed in."""
    return open_to("lead")(view)


def lead_deed(deed: LeadDeed, done: str, back: str) -> Response:
    """Do one thing in a transaction of its own, say what came of it, and go back."""
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            deed(scope, Actor("clinician", me.id, me.role), parts.clock.now())
        flash(done)
    except NotFound:
        abort(404)
    except (Conflict, Invalid, PackError) as refused:
        flash(_("Nothing was changed: %(why)s", why=pack_words(refused.message)), "warning")
    return redirect(back, 303)


def frame_here(scope: ClinicScope, now: datetime) -> Frame:
    """The frame of a page that does not show the worklist."""
    return frame_of(scope, read_counts(scope), now)


@blueprint.get("/clinic")
@signed_in
def clinic_itself() -> str:
    """The way to everything."""
    now = wiring().clock.now()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        frame = frame_here(scope, now)
    me = colleague()
    places = tuple(Place(path, _(title), _(about)) for path, title, about, roles in _PLACES if me.role in roles)
    return render_template("clinic/clinic.html", page=ClinicPage(frame, places), csrf=form_token())
