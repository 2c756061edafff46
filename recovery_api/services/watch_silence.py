"""Notice silence: when a day's question has run out unanswered, ask the rules whether somebody should call."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from recovery_api.db import ClinicScope, Vaults, enter_clinic
from recovery_api.domain.escalation import assess_silence
from recovery_api.domain.readings import EpisodeFacts
from recovery_api.models import tables
from recovery_api.services.claim_work import Claim, finish
from recovery_api.services.climb_silence import ask_again_next_day
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.coach_patient import coach_next_day
from recovery_api.services.never_asked import flag_never_asked
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.read_history import read_history
from recovery_api.services.set_aside import work_off_singly
from recovery_api.services.silence_facts import days_asked

BATCH = 50


def watch_silence(holder: str, vaults: Vaults, now: datetime, most: int = BATCH) -> int:
    """Judge up to `most` questions whose time ran out; returns how many were looked at."""

    def work(connection: Connection, claims: Sequence[Claim]) -> None:
        for claim in claims:
            _judge(enter_clinic(connection, claim.clinic_id, vaults), claim.row_id, now)
            finish(connection, claim.kind, claim.clinic_id, claim.row_id)

    return work_off_singly("unanswered", holder, now, most, work)


def _judge(scope: ClinicScope, reminder_id: UUID, now: datetime) -> None:
    row = scope.connection.execute(_question(scope, reminder_id)).one_or_none()
    if row is None or row.status != "active":
        return
    asked = days_asked(scope, row.episode_id)
    if row.local_on not in asked:
        flag_never_asked(scope, row, now)
        return
    history = [known.reading for known in read_history(scope, row.episode_id)]
    facts = EpisodeFacts(
        procedure_on=row.performed_on,
        baseline_pain=row.baseline_pain,
        check_in_days=frozenset((day - row.performed_on).days for day in asked),
        open_flag=_has_open_flag(scope, row.episode_id),
    )
    findings = assess_silence(history, facts, rules_of(scope), row.local_on + timedelta(days=1))
    subject = FlagSubject(episode_id=row.episode_id, patient_id=row.patient_id)
    page_clinicians(scope, raise_flags(scope, subject, findings, now), now)
    if all(reading.local_on < row.local_on for reading in history):
        ask_again_next_day(scope, row, now)
    elif not facts.open_flag:
        coach_next_day(scope, row, history, now)


def _has_open_flag(scope: ClinicScope, episode_id: UUID) -> bool:
    flag = tables.flag
    found = scope.connection.execute(
        select(flag.c.id)
        .where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.episode_id == episode_id,
            flag.c.status != "resolved",
            flag.c.family != "silence",
        )
        .limit(1)
    ).first()
    return found is not None


def _question(scope: ClinicScope, reminder_id: UUID) -> Any:
    reminder, episode, procedure = tables.reminder, tables.episode, tables.procedure
    return (
        select(
            reminder.c.local_on,
            episode.c.id.label("episode_id"),
            episode.c.patient_id,
            episode.c.status,
            episode.c.baseline_pain,
            procedure.c.performed_on,
        )
        .join(episode, (episode.c.clinic_id == reminder.c.clinic_id) & (episode.c.id == reminder.c.episode_id))
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id == reminder_id)
    )
