"""The last look before a phone rings: is the call still wanted, still allowed, and still in time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.schedule import within_quiet_hours
from recovery_api.models import tables


def why_not_to_call(scope: ClinicScope, call: AnyRow, point: AnyRow, now: datetime) -> str | None:
    """`expired` or `suppressed` where a phone must not ring any more, else None."""
    if now >= call.expires_at or within_quiet_hours(now, ZoneInfo(point.zone)):
        return "expired"
    if point.patient_status != "active" or point.state not in ("active", "invited") or point.channel != "voice":
        return "suppressed"
    if point.episode_status != "active" or _is_answered(scope, call):
        return "suppressed"
    return None


def facts_of(scope: ClinicScope, call: AnyRow) -> AnyRow:
    """The phone of a call, and what decides whether it may ring."""
    point, patient, episode = tables.contact_point, tables.patient, tables.episode
    return scope.connection.execute(
        select(
            point.c.id, point.c.phone_sealed, point.c.state, point.c.channel, patient.c.zone,
            patient.c.status.label("patient_status"), episode.c.status.label("episode_status"),
        )
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .join(episode, (episode.c.clinic_id == point.c.clinic_id) & (episode.c.id == call.episode_id))
        .where(point.c.clinic_id == scope.clinic_id, point.c.id == call.contact_point_id)
    ).one()  # fmt: skip


def _is_answered(scope: ClinicScope, call: AnyRow) -> bool:
    """Whether the day that this call asks about has its answer already, by whatever way."""
    check_in = tables.check_in
    found = scope.connection.execute(
        select(check_in.c.id)
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            check_in.c.episode_id == call.episode_id,
            check_in.c.local_on == call.asked_on,
            check_in.c.pain.is_not(None),
        )
        .limit(1)
    ).first()
    return found is not None
