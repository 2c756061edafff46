"""Watch for total silence: where nobody at all answers any more, it is not the patients who are silent."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.clinic_silence import is_silent
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.ids import id_since
from recovery_api.models import tables
from recovery_api.services.keep_watch import keep_watch
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags

LOOK_BACK, TIME_TO_ANSWER = timedelta(hours=26), timedelta(hours=2)
RULE = "clinic_silence"
RESPOND_MINUTES = 120


def watch_replies(vaults: Vaults, now: datetime) -> int:
    """Look at every clinic; returns how many are silent."""
    return sum(_watch_clinic(clinic_id, vaults, now) for clinic_id in list_clinics())


def _watch_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> bool:
    with clinic_transaction(clinic_id, vaults) as scope:
        asked, since = _asked(scope, now)
        silent = since is not None and is_silent(asked, _is_heard(scope, since, now))
        keep_watch(scope.connection, clinic_id, "replies", "none" if silent else None, {"asked": asked})
        if silent and not _is_flagged(scope):
            reason = f"{asked} patients were asked and not one reply came in: the line may be down"
            finding = Finding(RULE, "1", "operations", Tier.URGENT, reason, RESPOND_MINUTES, {"asked": asked})
            subject = FlagSubject(phone_digest=scope.phone_digest(scope.number))
            page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
    return silent


def _asked(scope: ClinicScope, now: datetime) -> tuple[int, datetime | None]:
    """How many phones have a question open that was asked long enough ago, and the oldest time of asking."""
    point, patient = tables.contact_point, tables.patient
    row = scope.connection.execute(
        select(func.count(), func.min(point.c.question_asked_at))
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.state == "active",
            point.c.question == "pain",
            point.c.times_asked == 0,
            point.c.question_asked_at > now - LOOK_BACK,
            point.c.question_asked_at <= now - TIME_TO_ANSWER,
            patient.c.status == "active",
            patient.c.is_synthetic.is_(False),
        )
    ).one()
    return int(row[0]), row[1]


def _is_heard(scope: ClinicScope, since: datetime, now: datetime) -> bool:
    """Whether any text of a patient came in since; the ids bound the search, since they lie in order of time."""
    message, patient = tables.message, tables.patient
    synthetic = select(patient.c.id).where(patient.c.clinic_id == scope.clinic_id, patient.c.is_synthetic)
    chosen = select(message.c.id).where(
        message.c.clinic_id == scope.clinic_id,
        message.c.id >= id_since(real_now() - (now - since)),
        message.c.direction == "in",
        message.c.created_at >= since,
        message.c.clinician_id.is_(None),
        message.c.patient_id.is_distinct_from(synthetic.scalar_subquery()),
    )
    return scope.connection.execute(chosen.limit(1)).first() is not None


def _is_flagged(scope: ClinicScope) -> bool:
    flag = tables.flag
    chosen = select(flag.c.id).where(
        flag.c.clinic_id == scope.clinic_id,
        flag.c.episode_id.is_(None),
        flag.c.phone_digest == scope.phone_digest(scope.number),
        flag.c.family == "operations",
        flag.c.status != "resolved",
    )
    return scope.connection.execute(chosen.limit(1)).first() is not None
