"""Tell the patient that a person has their report: one text a flag, held back until the morning where it may wait."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.consent import next_window
from recovery_api.domain.local_time import OPENS, local_instant, within_quiet_hours
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.invite_phone import shares_phone
from recovery_api.services.queue_texts import LIFETIMES, Outgoing, Recipient, queue_texts
from recovery_api.services.withdraw_texts import WAITING, withdraw_texts

TEXT = "report_read"


def tell_patient(scope: ClinicScope, flag: AnyRow, now: datetime, hold: timedelta = timedelta(0)) -> dict[str, Any]:
    """Queue the text where the patient reported something; returns the columns that the caller writes with the flag.

    After an emergency it is a safety text, which leaves at any hour; otherwise it waits for the patient's own 9:00.
    It waits for `hold` at least, during which the deed behind it may be taken back.
    """
    reported = flag.message_id is not None or flag.check_in_id is not None
    if flag.patient_told_at is not None or flag.patient_id is None or not reported:
        return {}
    contact = find_own_phone(scope, flag.patient_id)
    if contact is None:
        return {}
    recipient = own_recipient(scope, contact, flag.patient_id, flag.episode_id)
    opens, closes = next_window(now, ZoneInfo(contact.zone))
    purpose, due_at, expires_at = (
        ("safety", now, now + LIFETIMES["conversation"]) if flag.tier == Tier.EMERGENCY else ("service", opens, closes)
    )
    due_at = max(due_at, now + hold)
    text = Outgoing(recipient, purpose, text_key=TEXT, due_at=due_at, expires_at=expires_at, flag_id=flag.id)
    queue_texts(scope, [text], now)
    add_event(scope, flag.id, "patient_told", now, detail={"leaves_at": due_at.isoformat()})
    return {"patient_told_at": now}


def unsay(scope: ClinicScope, flag: AnyRow, now: datetime) -> dict[str, Any]:
    """Take the text of an acknowledgement back with it, where it has not left; returns the flag's columns for that."""
    if flag.patient_told_at is None or flag.patient_told_at != flag.acknowledged_at:
        return {}
    message = tables.message
    waiting = (
        select(message.c.id)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.state.in_(WAITING),
            message.c.flag_id == flag.id,
            message.c.text_key == TEXT,
        )
        .with_for_update(skip_locked=True)  # whoever sends or stops it right now may be about to want the flag
    )
    stays = withdraw_texts(scope, scope.connection.execute(waiting).scalars().all(), now)
    return {"patient_told_at": None} if stays else {}


def find_own_phone(scope: ClinicScope, patient_id: UUID) -> AnyRow | None:
    """The patient's own phone, where it takes texts: its id, seal and label, with the patient's language and zone."""
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
            point.c.whose == "patient",
            point.c.channel == "sms",
            patient.c.status == "active",
        )
        .order_by(point.c.created_at)
        .limit(1)
    ).one_or_none()  # fmt: skip


def own_recipient(scope: ClinicScope, contact: AnyRow, patient_id: UUID, episode_id: UUID | None) -> Recipient:
    """The phone of `find_own_phone` as an address; the label comes first where others read the phone as well."""
    phone = scope.vault.open("contact_point.phone", contact.id, contact.phone_sealed)
    label = contact.label if contact.is_shared else ""
    return Recipient(phone, contact.language, contact.id, patient_id, episode_id, label=label)


def daytime(now: datetime, zone_name: str) -> datetime:
    """Now, or where it is night in the patient's zone, the next 9:00 there."""
    zone = ZoneInfo(zone_name)
    if not within_quiet_hours(now, zone):
        return now
    local = now.astimezone(zone)
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    return local_instant(zone, day, OPENS)
