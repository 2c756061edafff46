"""What patients' phones bring and need: enrolment, sums of a day, questionnaires, and how far each has synced."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.domain.questionnaires import ANSWERED_BY, CHANNELS, INSTRUMENTS
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

COVERAGES = ("full", "partial")


class EnrolChallenge(Base):
    """One wish to enrol a phone, in digests alone; a code that nobody knows leaves the same row."""

    __tablename__ = "enrol_challenge"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    code_digest: Mapped[bytes]
    otp_digest: Mapped[bytes]
    tries: Mapped[int] = mapped_column(SmallInteger(), default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    __table_args__ = (Index(None, "code_digest", "created_at"), Index(None, "created_at"))


class ActivityDay(ClinicRow, Base):
    """What one patient walked on one day, as the phone summed it up last."""

    __tablename__ = "activity_day"
    patient_id: Mapped[UUID]
    on_day: Mapped[date]
    steps: Mapped[int | None]
    minutes_walked: Mapped[int | None] = mapped_column(SmallInteger())
    source: Mapped[str]
    coverage: Mapped[str]
    computed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        UniqueConstraint("clinic_id", "patient_id", "on_day"),
        one_of("coverage", COVERAGES),
        CheckConstraint("steps >= 0", name="steps"),
        CheckConstraint("minutes_walked BETWEEN 0 AND 1440", name="minutes_walked"),
    )


class Questionnaire(ClinicRow, Base):
    """One answered questionnaire. Append-only."""

    __tablename__ = "questionnaire"
    episode_id: Mapped[UUID]
    client_id: Mapped[UUID]
    instrument: Mapped[str]
    score: Mapped[int] = mapped_column(SmallInteger())
    answers: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    day: Mapped[int] = mapped_column(SmallInteger())
    claimed_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    received_at: Mapped[datetime]
    channel: Mapped[str] = mapped_column(server_default="app")
    answered_by: Mapped[str] = mapped_column(server_default="patient")
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("episode_id", "episode"),
        UniqueConstraint("clinic_id", "episode_id", "client_id"),
        one_of("instrument", tuple(INSTRUMENTS)),
        one_of("channel", CHANNELS),
        one_of("answered_by", ANSWERED_BY),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    )


class SyncPoint(ClinicRow, Base):
    """What an app held after one answer: ids and digests alone, so that the next answer can tell what is gone."""

    __tablename__ = "sync_point"
    patient_id: Mapped[UUID]
    digest: Mapped[bytes]
    held: Mapped[bytes]
    created_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        UniqueConstraint("clinic_id", "patient_id", "digest"),
    )
