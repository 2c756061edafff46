"""The watches: what the product found when it looked at itself, and the trials that it puts itself to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

WATCH_KINDS = ("coverage", "trial", "replies")
TRIAL_STATES = ("begun", "texted", "paged", "answered", "passed", "failed")


class Watch(Base):
    """The latest look at one thing of one clinic, in real time: counts and codes, nothing that names anybody."""

    __tablename__ = "watch"
    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    looked_at: Mapped[datetime]
    sound_at: Mapped[datetime | None]
    trouble: Mapped[str | None]
    counts: Mapped[dict[str, Any]]
    __table_args__ = (belongs_to_clinic(), one_of("kind", WATCH_KINDS))


class Trial(ClinicRow, Base):
    """One trial of the whole road with the clinic's synthetic patient; its times are real time."""

    __tablename__ = "trial"
    state: Mapped[str]
    begun_at: Mapped[datetime]
    flag_id: Mapped[UUID | None]
    texted_at: Mapped[datetime | None]
    paged_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    why: Mapped[str | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("flag_id", "flag"),
        one_of("state", TRIAL_STATES),
        Index("uq_trial_running", "clinic_id", unique=True, postgresql_where="ended_at IS NULL"),
    )
