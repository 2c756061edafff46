"""On which days the protocol that a recovery is pinned to asks for a check-in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import PackError
from recovery_api.domain.schedule import scheduled_days
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import check_in_days, protocol_pack
from recovery_api.services.find_protocol import pinned_protocol


def find_check_in_days(scope: ClinicScope, episode_ids: Sequence[UUID]) -> Mapping[UUID, frozenset[int]]:
    """The days since the procedure by recovery, as its present care plan has them; the shipped ones where that one
    cannot be read any more, which the planner and the coverage watch report.
    """
    if not episode_ids:
        return {}
    return check_in_days_told(scope, episode_ids, scope.connection.execute(own_days_asked(scope, episode_ids)).all())


def own_days_asked(scope: ClinicScope, episode_ids: Sequence[UUID] | Select[tuple[UUID]]) -> Select[Any]:
    """The question for those recoveries whose protocol is not the shipped one."""
    plan, protocol = tables.care_plan, tables.protocol
    return (
        select(plan.c.episode_id, protocol.c.id, protocol.c.version)
        .join(protocol, (protocol.c.clinic_id == plan.c.clinic_id) & (protocol.c.id == plan.c.protocol_id))
        .where(
            plan.c.clinic_id == scope.clinic_id,
            plan.c.episode_id.in_(episode_ids),
            plan.c.replaced_at.is_(None),
            protocol.c.version != protocol_pack().version,
        )
    )


def check_in_days_told(
    scope: ClinicScope, episode_ids: Iterable[UUID], own: Iterable[AnyRow]
) -> Mapping[UUID, frozenset[int]]:
    """The days by recovery, out of rows that `own_days_asked` found."""
    return dict.fromkeys(episode_ids, check_in_days()) | {row.episode_id: _days(scope, row) for row in own}


def _days(scope: ClinicScope, row: AnyRow) -> frozenset[int]:
    try:
        return scheduled_days(pinned_protocol(scope, row.id, row.version))
    except PackError:
        return check_in_days()
