"""The last look before a phone rings: is the call still wanted, still allowed, and still in time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.schedule import within_quiet_hours
from recovery_api.models import tables
from recovery_api.services.find_day_answer import is_day_answered


def why_not_to_call(scope: ClinicScope, call: AnyRow, point: AnyRow, now: datetime) -> str | None:
    """`expired` or `suppressed` where a phone must not ring any more, else None."""
    if now >= call.expires_at or within_quiet_hours(now, ZoneInfo(point.zone)):
        return "expired"
    if point.patient_status != "active" or point.state not in ("active", "invited") or point.channel != "voice":
        return "suppressed"
    if point.episode_status != "active" or is_day_answered(scope, call.episode_id, call.asked_on):
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
