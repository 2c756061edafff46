"""Check-ins: what a patient reported, in versions that only ever grow in number."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger, Text

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, inside_clinic, one_of

ACTIVITY_LEVELS = ("in_bed", "mostly_resting", "short_walks", "light_chores", "usual_day")
CHANNELS = ("sms", "app", "web", "voice", "staff")


class CheckIn(ClinicRow, Base):
    """One version of one report. Append-only: a correction is a new version."""

    __tablename__ = "check_in"
    version: Mapped[int] = mapped_column(SmallInteger(), primary_key=True, sort_order=0)
    episode_id: Mapped[UUID]
    client_id: Mapped[UUID | None]
    facts_digest: Mapped[bytes]
    channel: Mapped[str]
    answered_by: Mapped[str] = mapped_column(default="patient")
    recorded_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    local_on: Mapped[date]
    day: Mapped[int] = mapped_column(SmallInteger())
    pain: Mapped[int | None] = mapped_column(SmallInteger())
    qualifier: Mapped[str | None]
    activity_level: Mapped[str | None]
    minutes_walked: Mapped[int | None] = mapped_column(SmallInteger())
    pills_otc: Mapped[int | None] = mapped_column(SmallInteger())
    pills_prescribed: Mapped[int | None] = mapped_column(SmallInteger())
    pills_total: Mapped[int | None] = mapped_column(SmallInteger())
    symptoms: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    words_tier: Mapped[str | None]
    words_because: Mapped[str | None]
    note_sealed: Mapped[bytes | None]
    advice_sealed: Mapped[bytes | None]
    message_id: Mapped[UUID | None]
    reader_version: Mapped[str | None]
    __table_args__ = (
        inside_clinic("episode_id", "episode"),
        inside_clinic("message_id", "message"),
        one_of("channel", CHANNELS),
        one_of("answered_by", ("patient", "caregiver", "clinician")),
        one_of("activity_level", ACTIVITY_LEVELS),
        CheckConstraint("pain BETWEEN 0 AND 10", name="pain"),
        CheckConstraint("minutes_walked BETWEEN 0 AND 1440", name="minutes_walked"),
        CheckConstraint("version >= 1", name="version"),
        Index(
            "uq_check_in_client_id", "clinic_id", "episode_id", "client_id", unique=True,
            postgresql_where="client_id IS NOT NULL AND version = 1",
        ),
        Index("ix_check_in_history", "clinic_id", "episode_id", "recorded_at"),
    )  # fmt: skip
