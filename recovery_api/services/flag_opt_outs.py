"""Every opt-out is a task: whoever is in a recovery on that phone has to be called from now on."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.raise_flags import FlagSubject, raise_flags

_MINUTES = 24 * 60


def flag_opt_outs(
    scope: ClinicScope,
    patient_ids: Iterable[UUID],
    reason: str,
    now: datetime,
    *,
    rule: str = "opted_out",
    family: str = "delivery",
    message_id: UUID | None = None,
    quote: str | None = None,
) -> None:
    """One flag for today, for each of these patients who is in a recovery."""
    finding = Finding(rule, "1", family, Tier.TODAY, reason, _MINUTES, {})
    flag_each(scope, patient_ids, finding, now, message_id=message_id, quote=quote)


def flag_each(
    scope: ClinicScope,
    patient_ids: Iterable[UUID],
    finding: Finding,
    now: datetime,
    *,
    message_id: UUID | None = None,
    quote: str | None = None,
) -> None:
    """The same finding for each of these patients who is in a recovery: what is said of a phone holds for them all."""
    wanted = sorted(set(patient_ids))
    episode = tables.episode
    running = scope.connection.execute(
        select(episode.c.id, episode.c.patient_id)
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.patient_id.in_(wanted), episode.c.status != "ended")
        .order_by(episode.c.id)
    ).all()
    for row in running:
        raise_flags(scope, FlagSubject(row.id, row.patient_id, message_id=message_id, quote=quote), [finding], now)
