"""The worklist, the rows by which it updates itself, and the sheet for the next shift."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, g, get_flashed_messages, make_response, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.flags import WorklistRow
from recovery_api.clinic.frame import Frame
from recovery_api.clinic.languages import chosen_language
from recovery_api.clinic.pages import FILTERS, HandoverPage, WorklistPage
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.shown import queue_of, row_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.services.read_counts import Counts, worklist_mark
from recovery_api.services.read_worklist import Worklist, WorklistEntry, read_worklist
from recovery_api.wiring import wiring

blueprint = Blueprint("worklist", __name__)


def frame_of(scope: ClinicScope, worklist: Worklist | Counts, now: datetime) -> Frame:
    """The frame around a page of this clinician; `Counts` are enough where the list itself is not shown."""
    return Frame(
        clinic_name=scope.name,
        clinician_name=colleague().name,
        now=now,
        zone=scope.zone,
        open_count=worklist.open_count,
        inbox_count=worklist.inbox,
        degraded=g.get("degraded", ""),
        notice=_flashed("message"),
        warning=_flashed("warning"),
        undo=_flashed("undo"),
        is_demo=wiring().settings.env == "demo",
        proof=g.get("proof"),
    )


def _flashed(category: str) -> str:
    """What was said of the last deed; a page that updates itself leaves it to the page that a person asked for."""
    if request.headers.get("HX-Request"):
        return ""
    return " ".join(map(str, get_flashed_messages(category_filter=[category])))


@blueprint.get("/worklist")
@signed_in
def worklist() -> str:
    """Who needs somebody, why, and since when."""
    return render_template("clinic/worklist.html", page=_page(), csrf=form_token())


@blueprint.get("/worklist/rows")
@signed_in
def worklist_rows() -> Response:
    """The rows alone, for the page that is open already; nothing but a mark is read where nothing has changed."""
    mark = _mark(wiring().clock.now())
    response = make_response()
    response.set_etag(mark)
    if not request.if_none_match.contains(mark):
        response.set_data(render_template("clinic/_worklist_rows.html", page=_page(), csrf=form_token()))
    return response.make_conditional(request)


def _mark(now: datetime) -> str:
    """Another one whenever the page would be: with each change of the list, and with each minute of waiting."""
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        midnight = now.astimezone(scope.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        seen = worklist_mark(scope, midnight)
    about = (seen, int(now.timestamp()) // 60, me.id, request.args.get("show"), g.degraded, g.proof, chosen_language())
    return hashlib.sha256(repr((*about, form_token())).encode()).hexdigest()[:32]


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
    rows = queue_of(found.entries, me.id, now)
    shown = {name: [row for row in rows if belongs(row)] for name, belongs in _BELONGS.items()}
    shown["mine"] = queue_of(_mine(found.entries, me.id), me.id, now)
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
