"""Records to take away, for leads: the study table and one patient's whole record, each after a fresh proof."""

import csv
import io
import json
import re
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from recovery_api.clinic.clinic_views import for_leads
from recovery_api.clinic.enrol_page import ExportPage
from recovery_api.clinic.session import colleague, form_token, freshly_proved
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import NotFound
from recovery_api.services.export_patient import export_patient
from recovery_api.services.export_study import export_study
from recovery_api.services.read_counts import read_counts
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("exports", __name__)
_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@blueprint.get("/export")
@for_leads
@freshly_proved
def show() -> ResponseReturnValue:
    """What can be taken away."""
    return _page()


@blueprint.post("/export/study")
@for_leads
@freshly_proved
def study() -> ResponseReturnValue:
    """The study table as a CSV file."""
    me, written = colleague(), io.StringIO(newline="")
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        only_agreed, actor = bool(request.form.get("only_agreed")), Actor("clinician", me.id, me.role)
        rows = export_study(scope, only_agreed, actor, wiring().clock.now())
        csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    return _file(written.getvalue(), "study.csv", "text/csv; charset=utf-8")


@blueprint.post("/export/record")
@for_leads
@freshly_proved
def record() -> ResponseReturnValue:
    """One patient's whole record as JSON."""
    me, named = colleague(), _ID.search(request.form.get("patient", ""))
    if named is None:
        return _page(_("There is no id in this: copy the address of the patient's page.")), 422
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            found = export_patient(scope, UUID(named[0]), Actor("clinician", me.id, me.role), wiring().clock.now())
    except NotFound:
        return _page(_("There is no such patient.")), 404
    return _file(json.dumps(found, ensure_ascii=False, indent=1), "record.json", "application/json")


def _page(error: str = "") -> str:
    now = wiring().clock.now()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        page = ExportPage(frame_of(scope, read_counts(scope), now), error)
    return render_template("clinic/export.html", page=page, csrf=form_token())


def _file(content: str, name: str, kind: str) -> Response:
    """Its name says nothing of whom it is about."""
    return Response(content, content_type=kind, headers={"Content-Disposition": f"attachment; filename={name}"})
