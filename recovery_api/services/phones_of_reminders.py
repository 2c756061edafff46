"""The reminders that a hand-over has in hand, each with every phone that it may go to."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.invite_phone import shares_phone


def phones_of(scope: ClinicScope, reminder_ids: Collection[UUID]) -> dict[UUID, list[AnyRow]]:
    """Those that are still planned, by id: a row for each phone, the first to be preferred."""
    phones: dict[UUID, list[AnyRow]] = defaultdict(list)
    for row in scope.connection.execute(_reminders(scope, reminder_ids)):
        phones[row.id].append(row)
    return phones


def _reminders(scope: ClinicScope, reminder_ids: Collection[UUID]) -> Any:
    """Each planned reminder with the phone it goes to; a patient's own before a caregiver's, a mobile first."""
    reminder, episode, patient, point = tables.reminder, tables.episode, tables.patient, tables.contact_point
    plan, protocol = tables.care_plan, tables.protocol
    return (
        select(
            reminder,
            episode.c.status.label("episode_status"),
            episode.c.baseline_pain,
            plan.c.protocol_id,
            protocol.c.version.label("protocol_version"),
            patient.c.id.label("patient_id"),
            patient.c.status.label("patient_status"),
            patient.c.language,
            patient.c.zone,
            point.c.id.label("contact_point_id"),
            point.c.phone_sealed,
            point.c.phone_digest,
            point.c.channel,
            point.c.takes_link,
            point.c.label,
            point.c.whose,
            point.c.question.label("open_question"),
            point.c.question_asked_at,
            shares_phone(point).label("is_shared"),
        )
        .join(episode, (episode.c.clinic_id == reminder.c.clinic_id) & (episode.c.id == reminder.c.episode_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .join(plan, (plan.c.clinic_id == reminder.c.clinic_id) & (plan.c.id == reminder.c.care_plan_id))
        .join(protocol, (protocol.c.clinic_id == plan.c.clinic_id) & (protocol.c.id == plan.c.protocol_id))
        .outerjoin(
            point,
            (point.c.clinic_id == patient.c.clinic_id)
            & (point.c.patient_id == patient.c.id)
            & ((point.c.state == "active") | ((point.c.channel == "voice") & (point.c.state == "invited"))),
        )
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.id.in_(list(reminder_ids)),
            reminder.c.state == "planned",
        )
        .order_by(reminder.c.due_at, point.c.whose.desc(), point.c.channel, point.c.created_at)
    )
