"""End the holds whose time is over, and any recovery on hold without one: nobody is forgotten."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.hold_episode import end_hold
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.read_flags import synthetic_patients
from recovery_api.services.set_aside import TROUBLE
from recovery_api.services.turn import MINUTES

OVER = Finding(
    "hold_over", "1", "operations", Tier.REVIEW, "The hold is over and texts go on: is that right?",
    MINUTES[Tier.REVIEW], {},
)  # fmt: skip
BATCH = 100


def end_holds(vaults: Vaults, now: datetime) -> int:
    """Let every recovery go on whose hold is over; returns how many. Somebody is asked to look at each."""
    return sum(_end_of_clinic(clinic_id, vaults, now) for clinic_id in list_clinics())


def _end_of_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        found = scope.connection.execute(_over(scope, now)).scalars().all()
        return sum(_end(scope, episode_id, now) for episode_id in found)


def _end(scope: ClinicScope, episode_id: UUID, now: datetime) -> bool:
    try:
        with scope.savepoint():
            row = end_hold(scope, episode_id, now)
            if row is None:
                return False
            raise_flags(scope, FlagSubject(row.id, row.patient_id), [OVER], now)
            return True
    except TROUBLE as error:
        warn("hold.left", clinic_id=str(scope.clinic_id), episode_id=str(episode_id), error=type(error).__name__)
        return False


def _over(scope: ClinicScope, now: datetime) -> Any:
    """Recoveries on hold that no hold with an end ahead accounts for; the synthetic patient's is never to go on."""
    episode, hold = tables.episode, tables.hold
    standing = exists().where(
        hold.c.clinic_id == episode.c.clinic_id,
        hold.c.episode_id == episode.c.id,
        hold.c.lifted_at.is_(None),
        hold.c.ends_at > now,
    )
    return (
        select(episode.c.id)
        .where(
            episode.c.clinic_id == scope.clinic_id,
            episode.c.status == "on_hold",
            ~episode.c.patient_id.in_(synthetic_patients(scope.clinic_id)),
            ~standing,
        )
        .order_by(episode.c.id)
        .limit(BATCH)
    )
