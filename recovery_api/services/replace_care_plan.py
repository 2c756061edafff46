"""Replace the care plan that is in force by a changed one; the old one stays, as the history of zones and hours."""

from collections.abc import Mapping
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables

_THINNER = ("thinner_restart_on", "thinner_started", "thinner_settled_at")


def running_plan(scope: ClinicScope, patient_id: UUID) -> AnyRow | None:
    """The care plan of the patient's recovery that is running, locked after its recovery; None where none runs."""
    plan, episode = tables.care_plan, tables.episode
    scope.connection.execute(
        select(episode.c.id)
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id, episode.c.status != "ended")
        .with_for_update(key_share=True)
    )
    return scope.connection.execute(
        select(plan)
        .join(episode, (episode.c.clinic_id == plan.c.clinic_id) & (episode.c.id == plan.c.episode_id))
        .where(
            plan.c.clinic_id == scope.clinic_id,
            episode.c.patient_id == patient_id,
            episode.c.status != "ended",
            plan.c.replaced_at.is_(None),
        )
        .with_for_update(of=plan)
    ).one_or_none()


def replace_care_plan(
    scope: ClinicScope,
    row: AnyRow,
    now: datetime,
    *,
    zone: str | None = None,
    check_in_time: time | None = None,
    protocol_id: UUID | None = None,
    thinner: Mapping[str, date | None] | None = None,
) -> None:
    """Put a changed copy of `row` in force from `now` on; what is None stays as it was.

    `thinner` is the day to start a blood thinner again, of which nothing is known yet.
    """
    plan = tables.care_plan
    scope.connection.execute(
        update(plan).where(plan.c.clinic_id == scope.clinic_id, plan.c.id == row.id).values(replaced_at=now)
    )
    scope.connection.execute(
        insert(plan),
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "episode_id": row.episode_id,
            "protocol_id": protocol_id or row.protocol_id,
            "zone": zone or row.zone,
            "check_in_time": check_in_time or row.check_in_time,
            "valid_from": now,
            **({name: getattr(row, name) for name in _THINNER} if thinner is None else thinner),
        },
    )
