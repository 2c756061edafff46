"""Raise a flag after a jump of pain that the patient was asked about and did not answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic
from recovery_api.domain.escalation import assess_event
from recovery_api.domain.jumps import UNANSWERED, Jump, jump_of
from recovery_api.models import tables
from recovery_api.services.ask_about_jump import KIND
from recovery_api.services.claim_work import Claim, finish
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.judge_reading import facts_of
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.read_history import Recovery, read_history
from recovery_api.services.set_aside import work_off_singly
from recovery_api.services.tell_patient import daytime

BATCH = 50


def watch_jumps(holder: str, vaults: Vaults, now: datetime, most: int = BATCH) -> int:
    """Look at up to `most` jumps whose time to answer is over; returns how many were looked at."""

    def work(connection: Connection, claims: Sequence[Claim]) -> None:
        for claim in claims:
            _look(enter_clinic(connection, claim.clinic_id, vaults), claim, now)

    return work_off_singly(KIND, holder, now, most, work)


def _look(scope: ClinicScope, claim: Claim, now: datetime) -> None:
    """At night the patient has until the morning; whatever was reported since the jump is an answer.

    A recovery whose last day it was is looked at all the same; of one on hold, or of one who left, people know.
    """
    row = scope.connection.execute(_jumped(scope, claim.row_id)).first()
    if row is None or row.status == "on_hold" or row.patient_status != "active":
        finish(scope.connection, KIND, scope.clinic_id, claim.row_id)
        return
    morning = daytime(now, row.zone)
    if morning > now:
        _wait_until(scope, claim.row_id, morning)
        return
    jump = _standing(scope, row, claim.row_id, now)
    if jump is not None:
        finding = assess_event(rules_of(scope), UNANSWERED, jump.grounds(now))
        subject = FlagSubject(episode_id=row.episode_id, patient_id=row.patient_id, check_in_id=claim.row_id)
        page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
    finish(scope.connection, KIND, scope.clinic_id, claim.row_id)


def _standing(scope: ClinicScope, row: AnyRow, check_in_id: UUID, now: datetime) -> Jump | None:
    """The jump, if it is one still, in its latest version, and the last thing that was heard."""
    history = read_history(scope, row.episode_id)
    if not history or history[-1].id != check_in_id:
        return None
    recovery = Recovery(row.patient_id, row.episode_id, row.performed_on, row.baseline_pain)
    return jump_of([known.reading for known in history], facts_of(scope, recovery, now), rules_of(scope), now)


def _wait_until(scope: ClinicScope, check_in_id: UUID, morning: datetime) -> None:
    work = tables.due_work
    mine = (work.c.clinic_id == scope.clinic_id) & (work.c.kind == KIND) & (work.c.row_id == check_in_id)
    scope.connection.execute(update(work).where(mine).values(due_at=morning, held_until=real_now(), holder=None))


def _jumped(scope: ClinicScope, check_in_id: UUID) -> Any:
    """Whose jump it was; the patient's row is held, so that an answer on its way is seen or waits."""
    check_in, episode, procedure = tables.check_in, tables.episode, tables.procedure
    patient = tables.patient
    return (
        select(
            check_in.c.episode_id, episode.c.patient_id, episode.c.status, episode.c.baseline_pain,
            procedure.c.performed_on, patient.c.zone, patient.c.status.label("patient_status"),
        )
        .join(episode, (episode.c.clinic_id == check_in.c.clinic_id) & (episode.c.id == check_in.c.episode_id))
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .where(check_in.c.clinic_id == scope.clinic_id, check_in.c.id == check_in_id)
        .order_by(check_in.c.version.desc())
        .limit(1)
        .with_for_update(of=patient, key_share=True)
    )  # fmt: skip
