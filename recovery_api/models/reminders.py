"""Reminders: the due items of a care plan, each once a local day and slot."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, inside_clinic, one_of

KINDS = (
    "check_in", "rest", "posture", "activity", "medication", "follow_up_visit", "preparation", "questionnaire",
    "nudge",
)  # fmt: skip


class Reminder(ClinicRow, Base):
    """One due item; what became of it stays for ever."""

    __tablename__ = "reminder"
    episode_id: Mapped[UUID]
    care_plan_id: Mapped[UUID]
    kind: Mapped[str]
    local_on: Mapped[date]
    slot: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    text_key: Mapped[str]
    question: Mapped[str | None]
    text_values: Mapped[dict[str, Any]]
    audience: Mapped[str] = mapped_column(default="patient", server_default="patient")
    condition: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="planned")
    why: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    __table_args__ = (
        inside_clinic("episode_id", "episode"),
        inside_clinic("care_plan_id", "care_plan"),
        UniqueConstraint("clinic_id", "episode_id", "kind", "local_on", "slot"),
        one_of("kind", KINDS),
        one_of("state", ("planned", "handed_over", "skipped", "replaced")),
        Index(None, "clinic_id", "episode_id", "due_at"),
    )
