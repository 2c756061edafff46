"""Answer the web check-in of one session: each answer is kept sealed until all are sent, a danger is sent at once."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.errors import Unauthenticated
from recovery_api.domain.web_answers import WebAnswers
from recovery_api.models import tables
from recovery_api.services.advise import Advice
from recovery_api.services.credentials import identify
from recovery_api.services.find_recovery import find_recovery_of
from recovery_api.services.open_web_check_in import Door
from recovery_api.services.read_check_ins import read_check_in
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_check_in import Submission, report_check_in

_PLACE = "web_check_in.answers"


@dataclass(frozen=True, slots=True)
class WebCheckInRead:
    """A check-in under way: the answers so far; once it is sent, the advice that it brought."""

    door: Door
    answers: WebAnswers
    is_sent: bool
    advice: Advice | None


def read_web_check_in(session: str, vaults: Vaults) -> WebCheckInRead:
    """The check-in of a session as it stands. Raises Unauthenticated where the session is worth nothing."""
    with entered_check_in("web_session", session, vaults) as (scope, row):
        return read_entered(scope, row)


def keep_answer(
    session: str, step: str, said: str, ticked: Sequence[str], vaults: Vaults, now: datetime
) -> WebCheckInRead:
    """Keep one answer; a danger is reported with what was answered so far. Raises Invalid or Unauthenticated.

    What was sent is not changed any more.
    """
    with entered_check_in("web_session", session, vaults) as (scope, row):
        if row.check_in_id is not None:
            return read_entered(scope, row)
        answers = _answers(scope, row).with_answer(step, said, ticked)
        sealed = scope.seal(_PLACE, row.id, json.dumps(answers.given))
        row = _change(scope, row.id, answers_sealed=sealed)
        return read_entered(scope, _send(scope, row, now) if answers.symptoms else row)


def send_web_check_in(session: str, vaults: Vaults, now: datetime) -> WebCheckInRead:
    """Report the answers; sent twice they are one check-in. Raises Invalid, Unauthenticated, or NotFound."""
    with entered_check_in("web_session", session, vaults) as (scope, row):
        return read_entered(scope, row if row.check_in_id is not None else _send(scope, row, now))


def choose_language(session: str, language: str, vaults: Vaults) -> None:
    """Go on in another language; the advice comes in it too. Raises Unauthenticated."""
    with entered_check_in("web_session", session, vaults) as (scope, row):
        _change(scope, row.id, language=language)


@contextmanager
def entered_check_in(kind: str, secret: str, vaults: Vaults) -> Iterator[tuple[ClinicScope, AnyRow]]:
    """The one check-in that a secret of this kind is for, held until the end, so that two submits follow one another.

    Raises Unauthenticated where the secret is worth nothing.
    """
    web = tables.web_check_in
    with open_transaction() as connection:
        bearer = identify(connection, kind, secret)
        if bearer is None:
            raise Unauthenticated("This page has closed.")
        scope = enter_clinic(connection, bearer.clinic_id, vaults)
        held = select(web).where(web.c.clinic_id == scope.clinic_id, web.c.id == bearer.subject_id).with_for_update()
        yield scope, connection.execute(held).one()


def _change(scope: ClinicScope, row_id: UUID, **values: Any) -> AnyRow:
    web = tables.web_check_in
    return scope.connection.execute(
        update(web).where(web.c.clinic_id == scope.clinic_id, web.c.id == row_id).values(**values).returning(web)
    ).one()


def _answers(scope: ClinicScope, row: AnyRow) -> WebAnswers:
    kept = scope.open(_PLACE, row.id, row.answers_sealed)
    return WebAnswers(json.loads(kept) if kept else {})


def _send(scope: ClinicScope, row: AnyRow, now: datetime) -> AnyRow:
    zone = find_recovery_of(scope, row.episode_id).zone
    return report_answers(scope, row, _answers(scope, row), now.astimezone(zone), row.language, now)


def report_answers(
    scope: ClinicScope, row: AnyRow, answers: WebAnswers, recorded_at: datetime, language: str, now: datetime
) -> AnyRow:
    """Report the answers of an entered check-in; its row as it stands then. Raises Invalid, or NotFound."""
    sent = Submission(
        facts=answers.facts,
        recorded_at=recorded_at,
        local_on=None,
        client_id=row.client_id,
        channel="web",
        actor=Actor("patient", row.patient_id),
        advise_in=language,
    )
    reported = report_check_in(scope, row.patient_id, sent, now, row.episode_id)
    return _change(scope, row.id, check_in_id=reported.check_in.id, sent_at=now, answers_sealed=None)


def read_entered(scope: ClinicScope, row: AnyRow) -> WebCheckInRead:
    """An entered check-in as it stands."""
    door = Door(scope.name, scope.phone, scope.emergency_number, row.language, asks=row.asks)
    advice = read_check_in(scope, row.check_in_id, 1).advice if row.check_in_id is not None else None
    return WebCheckInRead(door, _answers(scope, row), row.check_in_id is not None, advice)
