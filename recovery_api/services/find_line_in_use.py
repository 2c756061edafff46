"""A line takes one call at a time, also where several patients share it."""

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables

_UNDER_WAY = ("sending", "unknown", "accepted", "under_way")


def is_line_in_use(scope: ClinicScope, call: AnyRow) -> bool:
    """Whether another call with this phone is under way, or may be; every link of the phone is locked from then on.

    The carrier's list is searched by phone alone: of two calls made at once it could not be told which is which.
    """
    point, other = tables.contact_point, tables.phone_call
    scope.connection.execute(
        select(point.c.id)
        .where(point.c.clinic_id == scope.clinic_id, point.c.phone_digest == call.phone_digest)
        .order_by(point.c.created_at, point.c.id)
        .with_for_update(key_share=True)
    )
    found = scope.connection.execute(
        select(other.c.id)
        .where(
            other.c.clinic_id == scope.clinic_id,
            other.c.phone_digest == call.phone_digest,
            other.c.id != call.id,
            other.c.state.in_(_UNDER_WAY),
        )
        .limit(1)
    )
    return found.first() is not None
