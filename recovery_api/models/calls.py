"""Calls: every one out or in, with where its conversation stands; the outgoing ones are their own outbox."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, inside_clinic, one_of

WAITING = ("planned", "throttled", "sending", "unknown")
CALL_STATES = (*WAITING, "accepted", "under_way", "ended", "rejected", "expired", "suppressed")
OUTCOMES = (
    "finished", "hung_up", "machine", "busy", "no_answer", "failed", "no_keys", "not_there", "wrong_number", "stopped",
    "to_a_person", "put_through", "nobody_took_it",
)  # fmt: skip


class PhoneCall(ClinicRow, Base):
    """One call. `talk` and `step` are where its conversation stands; a repeated web hook finds it moved on already."""

    __tablename__ = "phone_call"
    direction: Mapped[str]
    state: Mapped[str]
    sid: Mapped[str | None]
    phone_digest: Mapped[bytes]
    our_number: Mapped[str]
    contact_point_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    episode_id: Mapped[UUID | None]
    language: Mapped[str]
    asked_on: Mapped[date | None]
    created_at: Mapped[datetime]
    # outgoing
    reminder_id: Mapped[UUID | None]
    try_number: Mapped[int] = mapped_column(SmallInteger(), default=1)
    due_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger(), default=0)
    attempted_at: Mapped[datetime | None]
    asked_list: Mapped[int] = mapped_column(SmallInteger(), default=0)
    error_code: Mapped[int | None]
    # the conversation
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    talk: Mapped[dict[str, Any]]
    step: Mapped[int] = mapped_column(SmallInteger(), default=0)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    __table_args__ = (
        inside_clinic("contact_point_id", "contact_point"),
        inside_clinic("patient_id", "patient"),
        inside_clinic("episode_id", "episode"),
        inside_clinic("reminder_id", "reminder"),
        UniqueConstraint("clinic_id", "sid"),
        UniqueConstraint("clinic_id", "reminder_id", "try_number"),
        one_of("direction", ("in", "out")),
        one_of("state", CALL_STATES),
        one_of("outcome", OUTCOMES),
        Index("ix_phone_call_patient", "clinic_id", "patient_id", "created_at"),
        Index(
            "ix_phone_call_unsettled",
            "clinic_id",
            postgresql_where="state IN ('planned', 'throttled', 'sending', 'unknown', 'accepted', 'under_way')",
        ),
    )
