"""Follow up visits: a missed one is a task and a text; one of which nobody said anything is asked about."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.consent import next_window
from recovery_api.domain.escalation import assess_event
from recovery_api.domain.readings import Finding, Grounds
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.invite_phone import shares_phone
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.turn import MINUTES

ASK_AFTER = timedelta(hours=20)
BATCH = 100


def follow_missed_visit(scope: ClinicScope, visit: AnyRow, now: datetime) -> None:
    """Put a missed visit on the call list, and tell the patient in the hours for texts how to get another."""
    _flag(scope, visit, assess_event(rules_of(scope), "visit_missed", Grounds(inputs={"visit": str(visit.id)})), now)
    phone = _phone(scope, visit.patient_id)
    if phone is None:
        return
    due_at, expires_at = next_window(now, ZoneInfo(phone.zone))
    recipient = Recipient(
        scope.vault.open("contact_point.phone", phone.id, phone.phone_sealed),
        phone.language,
        phone.id,
        visit.patient_id,
        visit.episode_id,
        label=phone.label if phone.is_shared else "",
    )
    queue_texts(scope, [Outgoing(recipient, "service", "visit_missed", due_at=due_at, expires_at=expires_at)], now)


def watch_visits(vaults: Vaults, now: datetime) -> int:
    """Ask about visits of the day before that nobody called kept or missed; returns how many."""
    return sum(_watch_clinic(clinic_id, vaults, now) for clinic_id in list_clinics())


def _watch_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        visit, episode = tables.appointment, tables.episode
        rows = scope.connection.execute(
            select(visit, episode.c.patient_id)
            .join(episode, (episode.c.clinic_id == visit.c.clinic_id) & (episode.c.id == visit.c.episode_id))
            .where(
                visit.c.clinic_id == clinic_id,
                visit.c.status.in_(("booked", "confirmed", "change_asked")),
                visit.c.settled_at.is_(None),
                visit.c.starts_at < now - ASK_AFTER,
                episode.c.status != "ended",
            )
            .order_by(episode.c.id, visit.c.id)
            .limit(BATCH)
            .with_for_update(of=visit, skip_locked=True)
        ).all()
        for row in rows:
            _flag(scope, row, _without_end(row), now)
        if rows:
            scope.connection.execute(
                update(visit)
                .where(visit.c.clinic_id == clinic_id, visit.c.id.in_([row.id for row in rows]))
                .values(settled_at=now)
            )
        return len(rows)


def _without_end(visit: AnyRow) -> Finding:
    reason, inputs = "Was the visit kept or missed? Nobody said", {"visit": str(visit.id)}
    return Finding("visit_without_end", "1", "operations", Tier.REVIEW, reason, MINUTES[Tier.REVIEW], inputs)


def _flag(scope: ClinicScope, visit: AnyRow, finding: Finding, now: datetime) -> None:
    page_clinicians(scope, raise_flags(scope, FlagSubject(visit.episode_id, visit.patient_id), [finding], now), now)


def _phone(scope: ClinicScope, patient_id: UUID) -> AnyRow | None:
    """The patient's own phone that takes texts."""
    point, patient = tables.contact_point, tables.patient
    return scope.connection.execute(
        select(
            point.c.id, point.c.phone_sealed, point.c.label, patient.c.language, patient.c.zone,
            shares_phone(point).label("is_shared"),
        )
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.patient_id == patient_id,
            point.c.state == "active",
            point.c.channel == "sms",
            point.c.whose == "patient",
            patient.c.status == "active",
        )
        .order_by(point.c.created_at)
        .limit(1)
    ).one_or_none()  # fmt: skip
