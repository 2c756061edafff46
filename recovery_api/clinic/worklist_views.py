"""The worklist, the rows by which it updates itself, and the sheet for the next shift."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, g, get_flashed_messages, make_response, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.frame import Frame
from recovery_api.clinic.kept_rows import KeptRow, Looker, kept_rows
from recovery_api.clinic.kept_totals import keep_total, kept_total
from recovery_api.clinic.languages import chosen_language
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.shown import in_order, queue_of
from recovery_api.clinic.worklist_page import FILTERS, HandoverPage, WorklistPage
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.services.read_band import clinic_bands
from recovery_api.services.read_counts import Counts, worklist_mark
from recovery_api.services.read_worklist import Worklist, WorklistEntry, read_worklist, with_people
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
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        page = _page(scope, wiring().clock.now())
    return render_template("clinic/worklist.html", page=page, csrf=form_token())


@blueprint.get("/worklist/rows")
@signed_in
def worklist_rows() -> Response:
    """The rows alone, for the page that is open already; nothing but a mark is read where nothing has changed."""
    now, response = wiring().clock.now(), make_response()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        mark = _mark(scope, now)
        response.set_etag(mark)
        page = None if request.if_none_match.contains(mark) else _page(scope, now)
    if page is not None:
        response.set_data(render_template("clinic/_worklist_rows.html", page=page, csrf=form_token()))
    return response.make_conditional(request)


def _mark(scope: ClinicScope, now: datetime) -> str:
    """Another one whenever the page would be: with each change of the list, and with each minute of waiting."""
    midnight = now.astimezone(scope.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    seen, me = worklist_mark(scope, midnight), colleague()
    about = (seen, int(now.timestamp()) // 60, me.id, request.args.get("show"), g.degraded, g.proof, chosen_language())
    return hashlib.sha256(repr((*about, form_token())).encode()).hexdigest()[:32]


@blueprint.get("/worklist/handover")
@signed_in
def handover() -> str:
    """The sheet for the next shift."""
    now, me = wiring().clock.now(), colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        found = read_worklist(scope, now)
        page = _page_of(found, frame_of(scope, found, now), "all", ())
        rows = tuple(queue_of(with_people(scope, found.entries, now), me.id, now, clinic_bands(scope, now)))
    sheet = HandoverPage(page.frame, rows, f"{page.heading}. {page.summary}")
    return render_template("clinic/worklist_handover.html", page=sheet, csrf=form_token())


def _page(scope: ClinicScope, now: datetime) -> WorklistPage:
    wanted = request.args.get("show", "all")
    if wanted not in FILTERS:
        abort(404)
    found = read_worklist(scope, now, kept_total(scope.clinic_id, now))
    keep_total(scope.clinic_id, now, found.total_patients)
    looker = Looker(colleague().id, frame_of(scope, found, now), wanted, form_token(), chosen_language())
    entries = _lists(found, now)[wanted]
    return _page_of(found, looker.frame, wanted, kept_rows(scope, found, entries, looker, clinic_bands(scope, now)))


def _page_of(found: Worklist, frame: Frame, wanted: str, rows: Iterable[KeptRow]) -> WorklistPage:
    groups = [_group(entry) for entry in found.entries]
    return WorklistPage(
        frame=frame,
        show=wanted,
        counts={name: len(entries) for name, entries in _lists(found, frame.now).items()},
        group_counts={group.value: groups.count(group) for group in words.Group},
        rows=tuple(rows),
        total_patients=found.total_patients,
        last_reply_at=found.last_reply_at,
    )


def _lists(found: Worklist, now: datetime) -> dict[str, list[WorklistEntry]]:
    """The entries of every list, each in its order."""
    everybody = in_order(found.entries, now)
    return {
        "all": everybody,
        "mine": in_order(_mine(found.entries, colleague().id), now),
        "unassigned": [entry for entry in everybody if entry.flags[0].status == "open"],
        "silent": [entry for entry in everybody if _group(entry) is words.Group.SILENT],
        "resolved": list(found.resolved_today),
    }


def _group(entry: WorklistEntry) -> words.Group:
    return words.group_of(entry.flags[0].tier, entry.flags[0].family)


def _mine(entries: Iterable[WorklistEntry], me: UUID) -> list[WorklistEntry]:
    """The patients of whom this clinician owns a flag, with that flag leading."""
    led = []
    for entry in entries:
        own = [flag for flag in entry.flags if flag.owner_id == me and flag.status == "acknowledged"]
        if own:
            led.append(replace(entry, flags=(*own, *(flag for flag in entry.flags if flag not in own))))
    return led
