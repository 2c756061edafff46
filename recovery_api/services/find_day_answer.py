"""Whether a day has its answer already, by whatever way it came."""

from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.prepared import Prepared

_c = tables.check_in.c
_ANSWERED = Prepared(
    select(_c.id)
    .where(
        _c.clinic_id == bindparam("clinic"),
        _c.episode_id == bindparam("episode"),
        _c.local_on == bindparam("day"),
        _c.pain.is_not(None),
    )
    .limit(1)
)


def is_day_answered(scope: ClinicScope, episode_id: UUID | None, day: date | None) -> bool:
    """Whether somebody said how much pain there was on this local day of a recovery."""
    if episode_id is None or day is None:
        return False
    return _ANSWERED.first(scope.connection, {"clinic": scope.clinic_id, "episode": episode_id, "day": day}) is not None
