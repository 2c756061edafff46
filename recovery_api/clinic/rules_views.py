"""The rules on a page: what they ask of the clinic, what another number would change, and two people who sign it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.frame import Frame
from recovery_api.clinic.pack_words import pack_words
from recovery_api.clinic.retold import retold
from recovery_api.clinic.rules_page import (
    ChangeLine,
    RulesPage,
    WhatIf,
    counted,
    detector_fields,
    read_changes,
    rule_lines,
    said_of,
)
from recovery_api.clinic.session import colleague, form_token, open_to
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.worklist_views import frame_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.alert_load import Usefulness, compare, load_of
from recovery_api.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from recovery_api.domain.local_time import local_instant
from recovery_api.domain.rules import RulePack
from recovery_api.domain.written_days import iso_day
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.ask_once import ask_once
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.read_counts import counts_asked, counts_told
from recovery_api.services.read_rule_changes import (
    RuleChangeRecord,
    changes_in_force,
    rule_changes_asked,
    rule_changes_told,
)
from recovery_api.services.record_audit import Actor
from recovery_api.services.replay_history import (
    StoredHistory,
    read_histories,
    replay_history,
    usefulness_asked,
    usefulness_told,
)
from recovery_api.services.sign_rules import (
    PROPOSERS,
    SIGNERS,
    check_rules,
    propose_rules,
    refuse_rules,
    sign_rules,
)
from recovery_api.wiring import wiring

blueprint = Blueprint("rules", __name__)
USUAL, LONGEST = timedelta(days=28), timedelta(days=366)
MOST_RECOVERIES = 200  # that began last; the command line replays them all


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was read in one transaction; the replay itself needs none."""

    frame: Frame
    pack: RulePack
    histories: list[StoredHistory]
    useful: tuple[Usefulness, ...]
    records: list[RuleChangeRecord]


@blueprint.get("/clinic/rules")
@open_to(*SIGNERS)
def rules() -> str:
    """The rules in force, and what they asked of the clinic."""
    return render_template("clinic/rules.html", page=_page(_since()), csrf=form_token())


@blueprint.post("/clinic/rules")
@open_to(*SIGNERS)
def try_or_propose() -> Response:
    """Replay other numbers beside those in force, or propose them."""
    since, why = _since(), request.form.get("why", "")
    try:
        changes = read_changes(request.form, rule_pack())
        draft = check_rules(changes)
        if request.form.get("deed") == "propose":
            _act(lambda scope, actor, now: propose_rules(scope, changes, why, actor, now))
            flash(_("Proposed. Nothing changes until somebody else has signed."))
            return redirect(f"/clinic/rules?since={since}", 303)
    except (ValueError, Invalid, Conflict) as refused:
        said = pack_words(str(refused))
        page = replace(_page(since), error=said, why=why, draft=request.form.get("draft") or "{}")
        return make_response(render_template("clinic/rules.html", page=page, csrf=form_token()), 422)
    page = replace(_page(since, draft, changes), why=why)
    return make_response(render_template("clinic/rules.html", page=page, csrf=form_token()))


@blueprint.post("/clinic/rules/<uuid:change_id>/<any(sign, refuse):deed>")
@open_to(*SIGNERS)
def decide(change_id: UUID, deed: str) -> Response:
    """Give the second signature, or turn a change down."""
    act, done = (
        (sign_rules, _("Signed. Answers from now on are judged by these numbers."))
        if deed == "sign"
        else (refuse_rules, _("Turned down. The rules in force stay as they are."))
    )
    try:
        _act(lambda scope, actor, now: act(scope, change_id, actor, now))
        flash(done)
    except (Conflict, Invalid) as refused:
        flash(retold(refused.message), "warning")
    return redirect("/clinic/rules", 303)


def _act(deed: Any) -> None:
    me = colleague()
    try:
        with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
            deed(scope, Actor("clinician", me.id, me.role), wiring().clock.now())
    except NotAllowed:
        abort(403)
    except NotFound:
        abort(404)


def _since() -> date:
    """From when on the history is looked at: four weeks back, or the day asked for, within a year."""
    today = wiring().clock.now().date()
    try:
        wanted = iso_day(request.values.get("since", ""))
    except ValueError:
        wanted = today - USUAL
    return min(max(wanted, today - LONGEST), today)


def _page(since: date, draft: RulePack | None = None, changes: Mapping[str, Any] | None = None) -> RulesPage:
    me, now = colleague(), wiring().clock.now()
    looked = _look(since, now)
    days = sum(history.patient_days for history in looked.histories)
    alerts = [alert for one in looked.histories for alert in replay_history(one, looked.pack, now)]
    what_if = None
    if draft is not None:
        then = [alert for one in looked.histories for alert in replay_history(one, draft, now)]
        what_if = WhatIf(said_of(changes or {}), load_of(then, days), *counted(compare(alerts, then)))
    shown = draft or looked.pack
    kept = changes if changes is not None else changes_in_force(looked.records)
    return RulesPage(
        frame=looked.frame,
        version=looked.pack.version,
        signed_off_by=looked.pack.signed_off_by,
        since=since,
        recoveries=len(looked.histories),
        is_all=len(looked.histories) < MOST_RECOVERIES,
        load=load_of(alerts, days),
        useful=looked.useful,
        rules=rule_lines(shown),
        detector=detector_fields(shown),
        what_if=what_if,
        history=tuple(_line(one, me.id) for one in looked.records),
        draft=json.dumps(kept),
        may_propose=me.role in PROPOSERS,
        may_sign=me.role in SIGNERS,
    )


def _look(since: date, now: datetime) -> _Looked:
    me = colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        histories = read_histories(scope, since, Actor("clinician", me.id, me.role), now, MOST_RECOVERIES)
        found = ask_once(
            scope,
            counts=counts_asked(scope),
            useful=usefulness_asked(scope, _begins(scope, since)),
            changes=rule_changes_asked(scope),
        )
        return _Looked(
            frame=frame_of(scope, counts_told(found["counts"]), now),
            pack=rules_of(scope),
            histories=histories,
            useful=usefulness_told(found["useful"]),
            records=rule_changes_told(scope, found["changes"]),
        )


def _begins(scope: ClinicScope, since: date) -> datetime:
    return local_instant(scope.zone, since, datetime.min.time())


def _line(one: RuleChangeRecord, me: UUID) -> ChangeLine:
    return ChangeLine(
        change_id=str(one.id),
        said=said_of(one.content),
        why=one.why,
        state=one.state,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        is_mine=one.proposed_by_id == me,
    )
