"""The clinic's texts: what each says and costs, and how two people change one."""

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.text_page import TextGroup, TextLine, TextPage, TextsPage, WordingLine, cost_of
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from recovery_api.services.read_counts import read_counts
from recovery_api.services.read_texts import (
    TextInUse,
    WordingRecord,
    longest_cost,
    read_texts,
    read_wordings,
    shown_text,
)
from recovery_api.services.record_audit import Actor
from recovery_api.services.sign_texts import (
    AGREED_SEGMENTS,
    PROPOSERS,
    SIGNERS,
    Proposal,
    propose_wording,
    refuse_wording,
    sign_wording,
)
from recovery_api.wiring import wiring

blueprint = Blueprint("texts", __name__)


@blueprint.get("/texts")
@signed_in
def texts() -> str:
    """Every text in every language."""
    now = wiring().clock.now()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        records = read_wordings(scope)
        waiting = {(one.key, one.language) for one in records if one.state == "waiting"}
        lines = [_line(scope, one, (one.key, one.language) in waiting) for one in read_texts(scope)]
        frame = frame_of(scope, read_counts(scope), now)
    place = {key: number for number, key in enumerate(dict.fromkeys(line.key for line in lines))}
    lines.sort(key=lambda line: place[line.key])
    groups = tuple(TextGroup(key, tuple(group)) for key, group in groupby(lines, key=lambda line: line.key))
    page = TextsPage(frame, groups, sum(line.is_own for line in lines))
    return render_template("clinic/texts.html", page=page, csrf=form_token())


@blueprint.get("/texts/<key>/<language>")
@signed_in
def text(key: str, language: str) -> str:
    """One text, its history, and the form that proposes other words."""
    return _form(key, language)


@blueprint.post("/texts/<key>/<language>")
@signed_in
def propose(key: str, language: str) -> Response:
    """Propose other words, or the shipped ones again."""
    body = None if request.form.get("shipped") else request.form.get("body", "")
    most = AGREED_SEGMENTS if request.form.get("two_segments") else 1
    try:
        _act(lambda scope, actor, now: propose_wording(scope, Proposal(key, language, body, most), actor, now))
    except Invalid as refused:
        if refused.field != "body":
            abort(404)
        found = tuple(refused.message.split("; "))
        return make_response(_form(key, language, found, body or "", most == AGREED_SEGMENTS), 422)
    except Conflict as refused:
        flash(retold(refused.message), "warning")
    else:
        flash(_("Proposed. Nothing changes until somebody else has signed."))
    return redirect(f"/texts/{key}/{language}", 303)


@blueprint.post("/texts/wordings/<uuid:wording_id>/sign")
@signed_in
def sign(wording_id: UUID) -> Response:
    """Give the second signature."""
    return _decide(wording_id, _("Signed. Texts from now on use these words."), sign_wording)


@blueprint.post("/texts/wordings/<uuid:wording_id>/refuse")
@signed_in
def refuse(wording_id: UUID) -> Response:
    """Refuse proposed words, or take them back."""
    return _decide(wording_id, _("Turned down. The words in use stay as they are."), refuse_wording)


def _decide(wording_id: UUID, done: str, deed: Callable[[ClinicScope, UUID, Actor, datetime], object]) -> Response:
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        found = next((one for one in read_wordings(scope) if one.id == wording_id), None)
    if found is None:
        abort(404)
    try:
        _act(lambda scope, actor, now: deed(scope, wording_id, actor, now))
        flash(done)
    except (Conflict, Invalid) as refused:
        flash(retold(refused.message), "warning")
    return redirect(f"/texts/{found.key}/{found.language}", 303)


def _act(deed: Callable[[ClinicScope, Actor, datetime], object]) -> None:
    me = colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            deed(scope, Actor("clinician", me.id, me.role), wiring().clock.now())
    except NotAllowed:
        abort(403)
    except NotFound:
        abort(404)


def _form(key: str, language: str, errors: tuple[str, ...] = (), draft: str = "", two_segments: bool = False) -> str:
    now, me = wiring().clock.now(), colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        found = next((one for one in read_texts(scope) if (one.key, one.language) == (key, language)), None)
        if found is None:
            abort(404)
        history = tuple(_wording(scope, one, me.id, found.shipped) for one in read_wordings(scope, key, language))
        line = _line(scope, found, any(one.state == "waiting" for one in history))
        frame = frame_of(scope, read_counts(scope), now)
    page = TextPage(
        frame=frame,
        line=line,
        shipped=found.shipped,
        history=history,
        may_propose=me.role in PROPOSERS,
        may_sign=me.role in SIGNERS,
        draft=draft or found.body,
        two_segments=two_segments,
        errors=errors,
    )
    return render_template("clinic/text.html", page=page, csrf=form_token())


def _line(scope: ClinicScope, one: TextInUse, is_waiting: bool) -> TextLine:
    return TextLine(
        key=one.key,
        language=one.language,
        shown=shown_text(scope, one),
        body=one.body,
        encoding=one.encoding,
        segments=one.segments,
        characters=one.characters,
        grade=one.grade,
        is_own=one.is_own,
        is_waiting=is_waiting,
    )


def _wording(scope: ClinicScope, one: WordingRecord, me: UUID, shipped: str) -> WordingLine:
    size = longest_cost(scope, one.key, one.language, one.body or shipped)
    return WordingLine(
        wording_id=str(one.id),
        body=one.body or "",
        shown=one.body or _("The shipped words again."),
        state=one.state,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        is_mine=one.proposed_by_id == me,
        two_segments=one.most_segments == AGREED_SEGMENTS,
        cost=cost_of(size.segments, size.characters, size.encoding),
    )
