"""The last look before a text leaves: is it still wanted, still agreed to, and still in time."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.consent import LAST_WORDS, Leaving, Standing, day_began, why_not
from recovery_api.models import tables

_LEFT = ("sending", "unknown", "accepted", "queued", "sent", "delivered", "read", "undelivered", "failed")
_HANDED_OVER_BEFORE = timedelta(hours=12)  # a reminder waits in the outbox for the rest of its window at most


def why_not_to_send(scope: ClinicScope, message: AnyRow, now: datetime) -> str | None:
    """`expired` or `suppressed` where the text must not leave any more, else None."""
    if now >= message.expires_at:
        return "expired"
    if message.text_key == "page_clinician" and not _is_flag_open(scope, message):
        return "suppressed"
    if message.contact_point_id is None or message.text_key in LAST_WORDS:
        return None
    facts = _facts(scope, message)
    zone, is_reminder = ZoneInfo(facts.zone), message.purpose == "reminder"
    text = Leaving(
        purpose=message.purpose,
        expires_at=message.expires_at,
        text_key=message.text_key,
        is_answer=message.in_reply_to_id is not None,
        has_answer=is_reminder and message.question == "pain" and _answered(scope, message),
        answers_danger=facts.state == "opted_out" and _answers_danger(scope, message),
    )
    started = _started_today(scope, message, zone, now) if is_reminder else 0
    person = Standing(facts.state, facts.status, facts.episode_status, zone, started)
    return why_not(text, person, now)


def _is_flag_open(scope: ClinicScope, message: AnyRow) -> bool:
    """Whether the flag that a page calls for still waits for somebody."""
    flag = tables.flag
    status = select(flag.c.status).where(flag.c.clinic_id == scope.clinic_id, flag.c.id == message.flag_id)
    return bool(scope.connection.execute(status).scalar() == "open")


def _facts(scope: ClinicScope, message: AnyRow) -> AnyRow:
    point, patient, episode = tables.contact_point, tables.patient, tables.episode
    return scope.connection.execute(
        select(point.c.state, patient.c.status, patient.c.zone, episode.c.status.label("episode_status"))
        .select_from(point)
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .outerjoin(episode, (episode.c.clinic_id == point.c.clinic_id) & (episode.c.id == message.episode_id))
        .where(point.c.clinic_id == scope.clinic_id, point.c.id == message.contact_point_id)
    ).one()


def _started_today(scope: ClinicScope, message: AnyRow, zone: ZoneInfo, now: datetime) -> int:
    """How many texts we started to this person on their own calendar day, answers and safety texts left out."""
    if message.patient_id is None:
        return 0
    other: Any = tables.message
    found: int = scope.connection.execute(
        select(func.count(literal(1))).where(
            other.c.clinic_id == scope.clinic_id,
            other.c.patient_id == message.patient_id,
            other.c.created_at > day_began(now, zone) - _HANDED_OVER_BEFORE,
            other.c.id != message.id,
            other.c.direction == "out",
            other.c.purpose.in_(("reminder", "service")),
            other.c.text_key.is_not(None),
            other.c.in_reply_to_id.is_(None),
            other.c.due_at >= day_began(now, zone),
            other.c.state.in_(_LEFT),
        )
    ).scalar_one()
    return found


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
