"""Enrolment from a spreadsheet: a look at every row first, then all of them or nobody."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.enrol_page import LABELS, ImportPage
from recovery_api.clinic.frame import Choice
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import ngettext
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import Invalid
from recovery_api.domain.sheet import decode
from recovery_api.services.import_patients import RowsRefused, Sheet, import_patients, read_sheet
from recovery_api.services.read_counts import read_counts
from recovery_api.services.read_enrolment import FIELDS, NEEDED
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("imports", __name__)
MOST_ROWS = 100  # of one page; the command takes any number
TEMPLATE_NAME = "patients.csv"


@blueprint.get("/enrol/import")
@signed_in
def choose() -> Response:
    """The form that takes a file, and what its columns are."""
    return _page()


@blueprint.get("/enrol/import/patients.csv")
@signed_in
def template() -> Response:
    """An empty sheet with the right heads."""
    heads = "\ufeff" + ",".join(name for name in FIELDS if name != "protocol") + "\r\n"
    disposition = f"attachment; filename={TEMPLATE_NAME}"
    return Response(heads, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


@blueprint.post("/enrol/import")
@signed_in
def read() -> Response:
    """Show what a file would do; with `confirm` and without a bad row, do it."""
    parts, me = wiring(), colleague()
    content = _content()
    if not content.strip():
        return _page(refused="no file was chosen", status=422)
    try:
        text = decode(content)
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            now = parts.clock.now()
            sheet = read_sheet(scope, content, now)
            if len(sheet.good) + len(sheet.bad) > MOST_ROWS:
                raise Invalid(f"this page takes {MOST_ROWS} rows at once: part the file, or use the command")
            wanted = bool(sheet.good and not sheet.bad and request.form.get("confirm"))
            if wanted:
                import_patients(scope, sheet, Actor("clinician", me.id, me.role), now)
    except Invalid as refused:
        return _page(refused=refused.message, status=422)
    except RowsRefused as refused:
        return _page(Sheet((), tuple(refused.bad)), content=text, status=422)
    if not wanted:
        return _page(sheet, content=text, status=422 if sheet.bad else 200)
    flash(
        ngettext(
            "1 patient was enrolled, and the phone is asked to join.",
            "%(num)s patients were enrolled, and their phones are asked to join.",
            len(sheet.good),
        )
    )
    return redirect("/worklist", 303)


def _content() -> bytes:
    """The chosen file, or the text of one that was looked at before."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.stream.read()
    return request.form.get("content", "").encode()


def _page(sheet: Sheet | None = None, refused: str = "", content: str = "", status: int = 200) -> Response:
    parts = wiring()
    now = parts.clock.now()
    with clinic_transaction(colleague().clinic_id, parts.vaults) as scope:
        frame = frame_of(scope, read_counts(scope), now)
    columns = tuple(Choice(name, LABELS.get(name, name)) for name in FIELDS if name != "protocol")
    page = ImportPage(frame, columns, NEEDED, MOST_ROWS, sheet, refused, content)
    return make_response(render_template("clinic/import.html", page=page, csrf=form_token()), status)
