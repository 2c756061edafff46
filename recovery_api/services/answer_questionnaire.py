"""Keep answered questionnaires: once for each client_id, for ever, and what is due beside what was answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.domain.lateness import bounded_recorded_at, moved_from
from recovery_api.domain.questionnaires import (
    DueQuestionnaire,
    check_score,
    due_questionnaires,
    judge_questionnaire,
)
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.find_recovery import RunningRecovery, find_recovery
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.report_check_in import take_turn


@dataclass(frozen=True, slots=True)
class AnsweredQuestionnaire:
    """One questionnaire as it was sent: by which way, and who answered it."""

    client_id: UUID
    instrument: str
    score: int | None
    answers: Sequence[int] | None
    recorded_at: datetime
    channel: str = "app"
    answered_by: str = "patient"


@dataclass(frozen=True, slots=True)
class QuestionnaireRead:
    """One stored questionnaire; `day` counts from the procedure, `claimed_at` where that time could not stand."""

    id: UUID
    client_id: UUID
    instrument: str
    score: int
    answers: Sequence[int] | None
    day: int
    recorded_at: datetime
    received_at: datetime
    claimed_at: datetime | None
    channel: str
    answered_by: str


def answer_questionnaire(
    scope: ClinicScope, patient_id: UUID, sent: AnsweredQuestionnaire, actor: Actor, now: datetime
) -> tuple[QuestionnaireRead, bool]:
    """Store an answer, or find it again; True where it is new.

    Raises Invalid, NotFound where no recovery is running, or Conflict where its id was used for other answers.
    """
    score = check_score(sent.instrument, sent.score, sent.answers)
    take_turn(scope, patient_id)
    known = next((row for row in _rows(scope, patient_id) if row.client_id == sent.client_id), None)
    if known is not None:
        if (known.instrument, known.score, known.claimed_at) != (sent.instrument, score, sent.recorded_at):
            raise Conflict("This client_id was used for other answers.", field="client_id")
        return _read(known), False
    running = find_recovery(scope, patient_id)
    recorded_at, row_id = bounded_recorded_at(sent.recorded_at, now), new_id()
    row = {
        "clinic_id": scope.clinic_id,
        "id": row_id,
        "episode_id": running.recovery.episode_id,
        "client_id": sent.client_id,
        "instrument": sent.instrument,
        "score": score,
        "answers": list(sent.answers) if sent.answers is not None else None,
        "day": (local_day(recorded_at, running.zone) - running.recovery.procedure_on).days,
        "claimed_at": sent.recorded_at,
        "recorded_at": recorded_at,
        "received_at": now,
        "channel": sent.channel,
        "answered_by": sent.answered_by,
    }
    table = tables.questionnaire
    stored = scope.connection.execute(insert(table).returning(table), row).one()
    subject = FlagSubject(episode_id=running.recovery.episode_id, patient_id=patient_id)
    page_clinicians(
        scope, raise_flags(scope, subject, judge_questionnaire(sent.instrument, score, rules_of(scope)), now), now
    )
    record_audit(scope, actor, "questionnaire.answered", ("questionnaire", row_id), now, patient_id)
    return _read(stored), True


def list_questionnaires(scope: ClinicScope, patient_id: UUID) -> list[QuestionnaireRead]:
    """What a patient answered, oldest first."""
    return [_read(row) for row in _rows(scope, patient_id)]


def list_due(scope: ClinicScope, patient_id: UUID, now: datetime) -> list[DueQuestionnaire]:
    """What waits for an answer today; nothing where no recovery is running."""
    try:
        running = find_recovery(scope, patient_id)
    except NotFound:
        return []
    return due_now(running, list_questionnaires(scope, patient_id), now)


def due_now(running: RunningRecovery, answered: Iterable[QuestionnaireRead], now: datetime) -> list[DueQuestionnaire]:
    """What waits for an answer today in a recovery, beside what was answered."""
    known = [(one.instrument, _day(one, running)) for one in answered]
    return due_questionnaires(running.recovery.procedure_on, local_day(now, running.zone), known)


def _day(one: QuestionnaireRead, running: RunningRecovery) -> date:
    return local_day(one.recorded_at, running.zone)


def _rows(scope: ClinicScope, patient_id: UUID) -> Sequence[AnyRow]:
    table, episode = tables.questionnaire, tables.episode
    return scope.connection.execute(
        select(table)
        .join(episode, (episode.c.clinic_id == table.c.clinic_id) & (episode.c.id == table.c.episode_id))
        .where(table.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id)
        .order_by(table.c.recorded_at, table.c.id)
    ).all()


def _read(row: AnyRow) -> QuestionnaireRead:
    return QuestionnaireRead(
        id=row.id,
        client_id=row.client_id,
        instrument=row.instrument,
        score=row.score,
        answers=row.answers,
        day=row.day,
        recorded_at=row.recorded_at,
        received_at=row.received_at,
        claimed_at=moved_from(row.claimed_at, row.recorded_at),
        channel=row.channel,
        answered_by=row.answered_by,
    )
