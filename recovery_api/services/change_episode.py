"""Change a recovery: the procedure's day or levels, the pain before it, the hour of the check-in, or its end.

Rows are locked in the order that all of the product keeps (docs/operations.md): the patient before the recovery, as an
answer on its way does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.models import tables
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.hold_episode import locked_episode
from recovery_api.services.plan_thinner import ThinnerPlan, lose_restart, plan_thinner
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.recount_days import recount_days
from recovery_api.services.replan_episode import replan_episode
from recovery_api.services.report_check_in import take_turn
from recovery_api.services.start_episode import FOLLOW_UP, check_levels, check_performed_on


@dataclass(frozen=True, slots=True)
class EpisodeChanges:
    """What is to change; None leaves a thing as it is."""

    performed_on: date | None = None
    levels: Sequence[str] | None = None
    baseline_pain: int | None = None
    check_in_time: time | None = None
    status: str | None = None
    thinner: ThinnerPlan | None = None


def change_episode(scope: ClinicScope, episode_id: UUID, wanted: EpisodeChanges, actor: Actor, now: datetime) -> None:
    """Change a recovery and plan it anew. Raises Invalid, NotFound or Conflict.

    Where the procedure moves, what was told so far is counted from its new day, and the day for a blood thinner is
    lost unless one is given; what has ended stays ended.
    """
    take_turn(scope, _patient_of(scope, episode_id))
    row = locked_episode(scope, episode_id)
    if row.status == "ended":
        raise Conflict("This recovery has ended.")
    _change_procedure(scope, row, wanted, now)
    values: dict[str, Any] = {}
    if wanted.performed_on is not None:
        values |= {"started_on": wanted.performed_on, "ends_on": wanted.performed_on + FOLLOW_UP}
    if wanted.baseline_pain is not None:
        values["baseline_pain"] = wanted.baseline_pain
    if wanted.status is not None:
        values["status"] = wanted.status
    if values:
        episode = tables.episode
        scope.connection.execute(
            update(episode).where(episode.c.clinic_id == scope.clinic_id, episode.c.id == episode_id).values(**values)
        )
    if wanted.check_in_time is not None:
        change_preferences(scope, row.patient_id, Preferences(check_in_time=wanted.check_in_time), actor, now)
    _change_thinner(scope, row, wanted, now)
    replan_episode(scope, episode_id, now)
    record_audit(scope, actor, "episode.changed", ("episode", episode_id), now, row.patient_id)


def _change_procedure(scope: ClinicScope, row: AnyRow, wanted: EpisodeChanges, now: datetime) -> None:
    values: dict[str, Any] = {}
    if wanted.levels is not None:
        check_levels(wanted.levels)
        values["levels"] = list(wanted.levels)
    if wanted.performed_on is not None and wanted.performed_on != row.started_on:
        check_performed_on(wanted.performed_on, now)
        recount_days(scope, row.id, wanted.performed_on)
        values["performed_on"] = wanted.performed_on
    if values:
        procedure = tables.procedure
        scope.connection.execute(
            update(procedure)
            .where(procedure.c.clinic_id == scope.clinic_id, procedure.c.id == row.procedure_id)
            .values(**values)
        )


def _change_thinner(scope: ClinicScope, row: AnyRow, wanted: EpisodeChanges, now: datetime) -> None:
    if wanted.thinner is not None:
        plan_thinner(scope, row.patient_id, wanted.thinner, wanted.performed_on or row.started_on, now)
    elif wanted.performed_on not in (None, row.started_on):
        lose_restart(scope, row.patient_id, row.id, now)


def _patient_of(scope: ClinicScope, episode_id: UUID) -> UUID:
    episode = tables.episode
    found: UUID | None = scope.connection.execute(
        select(episode.c.patient_id).where(episode.c.clinic_id == scope.clinic_id, episode.c.id == episode_id)
    ).scalar()
    if found is None:
        raise NotFound("There is no such recovery.")
    return found
