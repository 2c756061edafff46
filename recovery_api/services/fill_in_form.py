"""Fill in the questionnaires that are due behind one link: answers lie sealed until an instrument is whole."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import update

from recovery_api.db import AnyRow, ClinicScope, Vaults
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.form_answers import INSTRUMENT_OF, SAFETY, FormAnswers, instrument_of, steps_of
from recovery_api.domain.questionnaires import check_score, is_low_mood
from recovery_api.models import tables
from recovery_api.services.answer_questionnaire import AnsweredQuestionnaire, answer_questionnaire, list_due
from recovery_api.services.answer_web_check_in import entered_check_in
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.find_recovery import find_recovery_of
from recovery_api.services.open_web_check_in import Door
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_check_in import Submission, report_check_in

HARM = "self_harm"
_PLACE = "web_check_in.form"


@dataclass(frozen=True, slots=True)
class FormRead:
    """A form as it stands: the screens that it has, which of them may be shown, and where it goes on, if anywhere."""

    door: Door
    answers: FormAnswers
    steps: tuple[str, ...]
    open_steps: tuple[str, ...]
    next_step: str | None
    is_low: bool


def read_form(session: str, vaults: Vaults, now: datetime) -> FormRead:
    """The form of a session. Raises Unauthenticated where the session is worth nothing."""
    with entered_check_in("web_session", session, vaults) as (scope, row):
        return _read(scope, row, _answers(scope, row), now)


def keep_form_answer(
    session: str, step: str, said: str, ticked: Collection[str], vaults: Vaults, now: datetime
) -> FormRead:
    """Keep one screen; the last of an instrument stores it, and thoughts of harm go to a person at once.

    What was stored is not changed any more. Raises Invalid, Unauthenticated, or NotFound where no recovery is running.
    """
    with entered_check_in("web_session", session, vaults) as (scope, row):
        read = _read(scope, row, _answers(scope, row), now)
        if step not in read.open_steps:
            return read
        answers = read.answers.with_answer(step, said, ticked)
        if step == SAFETY and answers.tells_of_harm:
            _tell_of_harm(scope, row, now)
        elif step != SAFETY:
            answers = _store_whole(scope, row, answers, instrument_of(step), now)
        _keep(scope, row.id, answers)
        return _read(scope, row, answers, now)


def form_is_due(session: str, vaults: Vaults, now: datetime) -> bool:
    """Whether the patient of a session has a questionnaire to fill in. Raises Unauthenticated."""
    with entered_check_in("web_session", session, vaults) as (scope, row):
        return bool(list_due(scope, row.patient_id, now))


def _read(scope: ClinicScope, row: AnyRow, answers: FormAnswers, now: datetime) -> FormRead:
    due = {one.measures for one in list_due(scope, row.patient_id, now)}
    done = {kind for kind, name in INSTRUMENT_OF.items() if answers.answers_of(name) is not None}
    still_open = steps_of(due - done)
    following = answers.next_step(due - done)
    return FormRead(
        door=Door(scope.name, scope.phone, scope.emergency_number, row.language, asks="form"),
        answers=answers,
        steps=steps_of(due | done),
        open_steps=(SAFETY,) if following == SAFETY else still_open,
        next_step=following,
        is_low=_is_low(scope, answers),
    )


def _is_low(scope: ClinicScope, answers: FormAnswers) -> bool:
    points = answers.answers_of("phq2")
    return points is not None and is_low_mood("phq2", sum(points), rules_of(scope))


def _store_whole(scope: ClinicScope, row: AnyRow, answers: FormAnswers, instrument: str, now: datetime) -> FormAnswers:
    """Store an instrument of which every screen is answered; a low mood brings the question on safety."""
    whole = answers.answers_of(instrument)
    if whole is None:
        return answers
    sent = AnsweredQuestionnaire(_id(row, instrument), instrument, None, whole, _local(scope, row, now), channel="web")
    answer_questionnaire(scope, row.patient_id, sent, Actor("patient", row.patient_id), now)
    is_low = is_low_mood(instrument, check_score(instrument, None, whole), rules_of(scope))
    return answers.with_value(SAFETY, None) if is_low else answers


def _tell_of_harm(scope: ClinicScope, row: AnyRow, now: datetime) -> None:
    """The same road as a ticked danger of a check-in: an emergency."""
    sent = Submission(
        facts=CheckInFacts(symptoms=(HARM,), answered_symptoms=True),
        recorded_at=_local(scope, row, now),
        local_on=None,
        client_id=_id(row, HARM),
        channel="web",
        actor=Actor("patient", row.patient_id),
        advise_in=row.language,
    )
    report_check_in(scope, row.patient_id, sent, now, row.episode_id)


def _local(scope: ClinicScope, row: AnyRow, now: datetime) -> datetime:
    return now.astimezone(find_recovery_of(scope, row.episode_id).zone)


def _id(row: AnyRow, name: str) -> UUID:
    """One id for each thing that a form stores, so that sent twice it is stored once."""
    return uuid5(row.client_id, name)


def _answers(scope: ClinicScope, row: AnyRow) -> FormAnswers:
    kept = scope.open(_PLACE, row.id, row.form_sealed)
    return FormAnswers(json.loads(kept) if kept else {})


def _keep(scope: ClinicScope, row_id: UUID, answers: FormAnswers) -> None:
    web = tables.web_check_in
    scope.connection.execute(
        update(web)
        .where(web.c.clinic_id == scope.clinic_id, web.c.id == row_id)
        .values(form_sealed=scope.seal(_PLACE, row_id, json.dumps(answers.given)))
    )
