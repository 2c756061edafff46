"""Hand due reminders to the outbox, each once: the claim, the text and the record in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic
from recovery_api.models import tables
from recovery_api.services.answer_visit import visit_words
from recovery_api.services.claim_work import Claim
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.set_aside import work_off_together

BATCH = 100


def hand_over_due(holder: str, vaults: Vaults, now: datetime, most: int = BATCH) -> int:
    """Hand over up to `most` due reminders; returns how many were taken from the queue."""

    def work(connection: Connection, claims: Sequence[Claim]) -> None:
        by_clinic: dict[UUID, list[UUID]] = defaultdict(list)
        for claim in claims:
            by_clinic[claim.clinic_id].append(claim.row_id)
        for clinic_id, reminder_ids in by_clinic.items():
            _hand_over(enter_clinic(connection, clinic_id, vaults), reminder_ids, now)

    return work_off_together("reminder", holder, now, most, work)


def _hand_over(scope: ClinicScope, reminder_ids: list[UUID], now: datetime) -> None:
    rows = scope.connection.execute(_reminders(scope, reminder_ids)).all()
    wanted: dict[UUID, AnyRow] = {}
    for row in rows:
        why = _why_skip(row, now)
        if why is not None:
            _mark(scope, [row.id], "skipped", now, why)
        elif row.id not in wanted:
            wanted[row.id] = row
    queue_texts(scope, [_text(scope, row, now) for row in wanted.values()], now)
    _mark(scope, list(wanted), "handed_over", now)
    seen = {row.id for row in rows}
    _mark(scope, [one for one in reminder_ids if one not in seen], "skipped", now, "no_phone")
    work = tables.due_work
    scope.connection.execute(
        delete(work).where(
            work.c.clinic_id == scope.clinic_id, work.c.kind == "reminder", work.c.row_id.in_(reminder_ids)
        )
    )


def _why_skip(row: AnyRow, now: datetime) -> str | None:
    if now >= row.expires_at:
        return "too_late"
    if row.episode_status != "active" or row.patient_status != "active":
        return "episode_not_active"
    if row.phone_sealed is None:
        return "no_phone"
    return None


def _text(scope: ClinicScope, row: AnyRow, now: datetime) -> Outgoing:
    values = dict(row.text_values)
    if "date" in values and "time" in values:
        zone = ZoneInfo(row.zone)
        words = visit_words(
            datetime.fromisoformat(f"{values['date']}T{values['time']}").replace(tzinfo=zone), zone, row.language
        )
        values |= {"date": words.date, "time": words.time}
    return Outgoing(
        recipient=Recipient(
            phone=scope.vault.open("contact_point.phone", row.contact_point_id, row.phone_sealed),
            language=row.language,
            contact_point_id=row.contact_point_id,
            patient_id=row.patient_id,
            episode_id=row.episode_id,
        ),
        purpose="reminder",
        text_key=row.text_key,
        values=values,
        question=row.question,
        question_on=row.local_on if row.question else None,
        due_at=row.due_at,
        expires_at=row.expires_at,
        reminder_id=row.id,
    )


def _mark(scope: ClinicScope, ids: list[UUID], state: str, now: datetime, why: str | None = None) -> None:
    if not ids:
        return
    reminder = tables.reminder
    scope.connection.execute(
        update(reminder)
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id.in_(ids), reminder.c.state == "planned")
        .values(state=state, why=why, settled_at=now)
    )


def _reminders(scope: ClinicScope, reminder_ids: list[UUID]) -> Any:
    """Each planned reminder with the phone it goes to; a patient's own phone before a caregiver's."""
    reminder, episode, patient, point = tables.reminder, tables.episode, tables.patient, tables.contact_point
    return (
        select(
            reminder,
            episode.c.status.label("episode_status"),
            patient.c.id.label("patient_id"),
            patient.c.status.label("patient_status"),
            patient.c.language,
            patient.c.zone,
            point.c.id.label("contact_point_id"),
            point.c.phone_sealed,
        )
        .join(episode, (episode.c.clinic_id == reminder.c.clinic_id) & (episode.c.id == reminder.c.episode_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .outerjoin(
            point,
            (point.c.clinic_id == patient.c.clinic_id)
            & (point.c.patient_id == patient.c.id)
            & (point.c.state == "active"),
        )
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id.in_(reminder_ids), reminder.c.state == "planned")
        .order_by(reminder.c.due_at, point.c.whose.desc(), point.c.created_at)
    )
