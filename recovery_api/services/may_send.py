"""The last look before a text leaves: is it still wanted, still allowed, and still in time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.schedule import within_quiet_hours
from recovery_api.models import tables

LAST_WORDS = ("stopped", "wrong_person", "deceased")


def why_not_to_send(scope: ClinicScope, message: AnyRow, now: datetime) -> str | None:
    """`expired` or `suppressed` where the text must not leave any more, else None."""
    if now >= message.expires_at:
        return "expired"
    if message.contact_point_id is None or message.text_key in LAST_WORDS:
        return None
    facts = _facts(scope, message)
    if facts.status != "active":
        return "suppressed"
    if facts.state != "active" and not (facts.state == "opted_out" and _answers_danger(scope, message)):
        return "suppressed"
    if message.purpose != "reminder":
        return None
    if within_quiet_hours(now, ZoneInfo(facts.zone)):
        return "expired"
    if facts.episode_status != "active" or (message.question == "pain" and _answered(scope, message)):
        return "suppressed"
    return None


def _facts(scope: ClinicScope, message: AnyRow) -> AnyRow:
    point, patient, episode = tables.contact_point, tables.patient, tables.episode
    return scope.connection.execute(
        select(point.c.state, patient.c.status, patient.c.zone, episode.c.status.label("episode_status"))
        .select_from(point)
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .outerjoin(episode, (episode.c.clinic_id == point.c.clinic_id) & (episode.c.id == message.episode_id))
        .where(point.c.clinic_id == scope.clinic_id, point.c.id == message.contact_point_id)
    ).one()


def _answers_danger(scope: ClinicScope, message: AnyRow) -> bool:
    """Whether this is the answer to a dangerous text that the patient wrote after opting out.

    It is a reply to the patient's own words, and leaves; what was waiting when texts were stopped never does.
    """
    if message.purpose != "safety" or message.in_reply_to_id is None:
        return False
    consent = tables.consent
    stopped_at: datetime | None = scope.connection.execute(
        select(func.max(consent.c.recorded_at)).where(
            consent.c.clinic_id == scope.clinic_id,
            consent.c.contact_point_id == message.contact_point_id,
            consent.c.granted.is_(False),
        )
    ).scalar()
    return stopped_at is None or stopped_at <= message.created_at


def _answered(scope: ClinicScope, message: AnyRow) -> bool:
    """Whether the day that this text asks about has its answer already."""
    check_in = tables.check_in
    found = scope.connection.execute(
        select(check_in.c.id)
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            check_in.c.episode_id == message.episode_id,
            check_in.c.local_on == message.question_on,
            check_in.c.pain.is_not(None),
        )
        .limit(1)
    ).first()
    return found is not None
