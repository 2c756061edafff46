"""End the recoveries whose year is over, so that none stays active with nothing to come."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update

from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.models import tables
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.read_flags import synthetic_patients
from recovery_api.services.record_audit import SYSTEM, record_audit

LATE_ANSWERS = timedelta(days=14)  # after the last question, in which an answer still belongs to the recovery
STILL_TALKING = timedelta(days=2)  # a jump that is being asked about has no flag yet
BATCH = 100


def end_recoveries(vaults: Vaults, now: datetime) -> int:
    """End what is complete; returns how many.

    An open flag, a visit of which nobody said how it ended, and an answer of the last two days keep a recovery running.
    """
    return sum(_end_of_clinic(clinic_id, vaults, now) for clinic_id in list_clinics())


def _end_of_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    episode = tables.episode
    with clinic_transaction(clinic_id, vaults) as scope:
        rows = scope.connection.execute(_complete(scope, now)).all()
        if rows:
            scope.connection.execute(
                update(episode)
                .where(episode.c.clinic_id == clinic_id, episode.c.id.in_([row.id for row in rows]))
                .values(status="ended")
            )
        for row in rows:
            record_audit(scope, SYSTEM, "episode.completed", ("episode", row.id), now, row.patient_id)
        return len(rows)


def _complete(scope: ClinicScope, now: datetime) -> Any:
    episode, flag, visit, check_in = tables.episode, tables.flag, tables.appointment, tables.check_in
    flagged = exists().where(
        flag.c.clinic_id == episode.c.clinic_id, flag.c.episode_id == episode.c.id, flag.c.status != "resolved"
    )
    expected = exists().where(
        visit.c.clinic_id == episode.c.clinic_id,
        visit.c.episode_id == episode.c.id,
        visit.c.settled_at.is_(None),
        visit.c.status.in_(("booked", "confirmed", "change_asked")),
    )
    answered = exists().where(
        check_in.c.clinic_id == episode.c.clinic_id,
        check_in.c.episode_id == episode.c.id,
        check_in.c.received_at > now - STILL_TALKING,
    )
    return (
        select(episode.c.id, episode.c.patient_id)
        .where(
            episode.c.clinic_id == scope.clinic_id,
            episode.c.status == "active",
            episode.c.ends_on < (now - LATE_ANSWERS).date(),
            ~episode.c.patient_id.in_(synthetic_patients(scope.clinic_id)),
            ~flagged,
            ~expected,
            ~answered,
        )
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
