"""The audit: who did or saw what; for leads, and for privacy officers."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request

from recovery_api.clinic.audit_words import SENTENCES, action_sentence
from recovery_api.clinic.clinic_views import frame_here
from recovery_api.clinic.csv_file import csv_answer
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.session import CLINICAL_ROLES, colleague, form_token, open_to
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.local_time import local_instant
from recovery_api.domain.written_days import iso_day
from recovery_api.services.change_staff import read_staff
from recovery_api.services.read_audit import AuditLine, AuditQuery, read_audit
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("audit", __name__)
A_PAGE, A_FILE = 100, 5000
READERS = ("lead", "privacy_officer")


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some events, the newest first, and what was asked for; `older` leads to those before."""

    frame: Frame
    lines: tuple[AuditLine, ...]
    people: tuple[Choice, ...]
    who: str
    patient: str
    action: str
    since: str
    older: str = ""
    is_clinical: bool = True

    @property
    def actions(self) -> tuple[Choice, ...]:
        """Every action by its sentence, and one that was asked for by the beginning of its code."""
        known = sorted((Choice(one, action_sentence(one)) for one in SENTENCES), key=lambda one: one.label)
        asked = (Choice(self.action, self.action),) if self.action and self.action not in SENTENCES else ()
        return (*asked, *known)

    @staticmethod
    def sentence(line: AuditLine) -> str:
        """What was done, in words."""
        return action_sentence(line.action)

    def detail(self, line: AuditLine) -> str:
        """The codes of an event in a line."""
        return ", ".join(f"{name} {value}" for name, value in line.detail.items())


@blueprint.get("/clinic/audit")
@open_to(*READERS)
def audit() -> str:
    """Who did or saw what."""
    now = wiring().clock.now()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        people = tuple(Choice(str(one.id), one.name) for one in read_staff(scope))
        lines = _lines(scope, A_PAGE + 1, now)
        frame = frame_here(scope, now)
    asked = {name: request.args.get(name, "") for name in ("who", "patient", "action", "since")}
    older = str(lines[A_PAGE - 1].id) if len(lines) > A_PAGE else ""
    shown = tuple(sorted(lines[:A_PAGE], key=_at, reverse=True))
    page = AuditPage(frame, shown, people, older=older, is_clinical=colleague().role in CLINICAL_ROLES, **asked)
    return render_template("clinic/audit.html", page=page, csrf=form_token())


@blueprint.get("/clinic/audit.csv")
@open_to(*READERS)
def audit_file() -> Response:
    """The same as a file, up to A_FILE events."""
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        lines = _lines(scope, A_FILE, wiring().clock.now())
    rows = [
        (line.at.isoformat(), line.actor_kind, line.actor, line.action, str(line.patient_id or ""), _json(line))
        for line in lines
    ]
    return csv_answer("audit.csv", ("at", "kind", "who", "action", "patient_id", "detail"), rows)


def _at(line: AuditLine) -> datetime:
    """When it was; events of one moment stay in the order of their ids, and those of the demo's past are older."""
    return line.at


def _json(line: AuditLine) -> str:
    """The codes of an event as a program reads them."""
    return json.dumps(dict(line.detail), ensure_ascii=False, default=str)


def _lines(scope: ClinicScope, most: int, now: datetime) -> list[AuditLine]:
    me, args = colleague(), request.args
    try:
        since = iso_day(args["since"]) if args.get("since") else None
        query = AuditQuery(
            actor_id=UUID(args["who"]) if args.get("who") else None,
            patient_id=UUID(args["patient"]) if args.get("patient") else None,
            action=args.get("action", "").strip()[:60],
            since=local_instant(scope.zone, since, datetime.min.time()) if since else None,
            before=UUID(args["before"]) if args.get("before") else None,
            limit=most,
        )
    except ValueError:
        abort(400)
    return list(read_audit(scope, query, Actor("clinician", me.id, me.role), now))
