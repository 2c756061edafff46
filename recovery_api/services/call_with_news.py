"""News of visits that no text could tell: one task of a recovery, which names every visit that changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.response_time import USUAL_MINUTES
from recovery_api.domain.tiers import Tier
from recovery_api.domain.visit_news import MARK, QUESTIONS, news_slot, visit_of
from recovery_api.models import tables
from recovery_api.services.raise_flags import FlagSubject, raise_flags, take_turn

_FAMILY = "visit_news"
_UNTOLD = "No text could tell of a changed visit: call"


def call_with_news(scope: ClinicScope, recovery: FlagSubject, slot: str, now: datetime) -> None:
    """Put the news of a visit, known by the slot of its reminder, on the clinic's call list.

    Visits whose news waits there already are named beside it, and whoever has the task sees it anew. Nothing where the
    visit is over, was changed once more, or the patient spoke of it since, nor about who left or died.
    """
    take_turn(scope, recovery)
    visits = _untold(scope, {UUID(visit_of(slot)), *_waiting(scope, recovery)}, now)
    news = next((one for one in visits if news_slot(one.id, one.sequence) == slot), None)
    if news is None:
        return
    finding = Finding(
        rule="visit_news_by_phone",
        rule_version="2",
        family=_FAMILY,
        tier=Tier.TODAY,
        reason="; ".join((_UNTOLD, *map(_as_it_stands, visits))),
        respond_minutes=USUAL_MINUTES[Tier.TODAY],
        inputs={"visit": str(news.id), "visits": [str(one.id) for one in visits], "news": slot},
    )
    raise_flags(scope, recovery, [finding], now)


def renew_call(scope: ClinicScope, recovery: FlagSubject, slot: str, now: datetime) -> bool:
    """The same where this visit waits on the call list already; returns whether it does.

    Whatever is texted besides, nobody may call with a time that holds no more.
    """
    take_turn(scope, recovery)
    waits = UUID(visit_of(slot)) in _waiting(scope, recovery)
    if waits:
        call_with_news(scope, recovery, slot, now)
    return waits


def call_if_news(scope: ClinicScope, message: AnyRow, now: datetime) -> None:
    """The same for one text that does not leave or did not arrive, if it told of a visit that changed."""
    if message.reminder_id is not None and message.question in QUESTIONS:
        call_with_lost_news(scope, [message.id], now)


def call_with_lost_news(scope: ClinicScope, message_ids: Sequence[UUID], now: datetime) -> None:
    """The same for those of these texts that told of a visit that changed."""
    scope.flush()
    message, reminder = tables.message, tables.reminder
    lost = (
        select(reminder.c.slot, message.c.episode_id, message.c.patient_id)
        .join(message, (message.c.clinic_id == reminder.c.clinic_id) & (message.c.reminder_id == reminder.c.id))
        .where(reminder.c.clinic_id == scope.clinic_id, message.c.id.in_(message_ids), reminder.c.slot.contains(MARK))
        .order_by(message.c.episode_id, reminder.c.slot)
    )
    for row in scope.connection.execute(lost).all():
        call_with_news(scope, FlagSubject(row.episode_id, row.patient_id), row.slot, now)


def _waiting(scope: ClinicScope, recovery: FlagSubject) -> list[UUID]:
    """The visits that the open task of this recovery names."""
    flag = tables.flag
    inputs = scope.connection.execute(
        select(flag.c.inputs).where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.episode_id == recovery.episode_id,
            flag.c.family == _FAMILY,
            flag.c.status != "resolved",
        )
    ).scalar()
    return [UUID(one) for one in (inputs or {}).get("visits", ())]


def _untold(scope: ClinicScope, visit_ids: Collection[UUID], now: datetime) -> Sequence[AnyRow]:
    """Those of these visits that are ahead and of which the patient did not speak since they changed, by their time."""
    visit, episode, patient = tables.appointment, tables.episode, tables.patient
    return scope.connection.execute(
        select(visit.c.id, visit.c.starts_at, visit.c.status, visit.c.sequence, patient.c.zone)
        .join(episode, (episode.c.clinic_id == visit.c.clinic_id) & (episode.c.id == visit.c.episode_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .where(
            visit.c.clinic_id == scope.clinic_id,
            visit.c.id.in_(visit_ids),
            visit.c.status.in_(("booked", "cancelled")),
            visit.c.starts_at > now,
            episode.c.status != "ended",
            patient.c.status == "active",
        )
        .order_by(visit.c.starts_at, visit.c.id)
    ).all()


def _as_it_stands(visit: AnyRow) -> str:
    local = visit.starts_at.astimezone(ZoneInfo(visit.zone))
    day, time = f"{local.day} {local:%b %Y}", f"{local:%H:%M}"
    return f"called off: {day} at {time}" if visit.status == "cancelled" else f"now on {day} at {time}"
