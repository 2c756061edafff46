"""The procedure, the recovery after it, the plan of its texts, and its visits."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger, Text

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of


class Procedure(ClinicRow, Base):
    """The vertebroplasty: its day and the vertebrae treated."""

    __tablename__ = "procedure"
    patient_id: Mapped[UUID]
    performed_on: Mapped[date]
    levels: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        Index(None, "clinic_id", "patient_id"),
    )


class PlannedProcedure(ClinicRow, Base):
    """A procedure whose day is not known yet; settled when its recovery was started or it was called off."""

    __tablename__ = "planned_procedure"
    patient_id: Mapped[UUID]
    levels: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    baseline_pain: Mapped[int | None]
    check_in_time: Mapped[time]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        CheckConstraint("baseline_pain BETWEEN 0 AND 10", name="baseline_pain"),
        Index(
            "uq_planned_procedure_open", "clinic_id", "patient_id", unique=True, postgresql_where="settled_at IS NULL"
        ),
    )


class Episode(ClinicRow, Base):
    """The recovery after one procedure, twelve months long."""

    __tablename__ = "episode"
    patient_id: Mapped[UUID]
    procedure_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default="active")
    baseline_pain: Mapped[int | None]
    started_on: Mapped[date]
    ends_on: Mapped[date]
    planned_until: Mapped[date | None]
    created_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        inside_clinic("procedure_id", "procedure"),
        one_of("status", ("active", "on_hold", "ended")),
        CheckConstraint("baseline_pain BETWEEN 0 AND 10", name="baseline_pain"),
        Index(None, "clinic_id", "patient_id"),
        Index("ix_episode_active", "clinic_id", "id", postgresql_where="status = 'active'"),
    )


class Protocol(ClinicRow, Base):
    """One published version of a protocol, as the clinic adopted it."""

    __tablename__ = "protocol"
    name: Mapped[str]
    version: Mapped[str]
    content: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    __table_args__ = (belongs_to_clinic(), UniqueConstraint("clinic_id", "name", "version"))


class CarePlan(ClinicRow, Base):
    """One patient's dated copy of a protocol, pinned to its version.

    `thinner_settled_at` is when the patient answered whether the blood thinner was started again, or somebody was told
    that nobody did; `thinner_started` is that answer.
    """

    __tablename__ = "care_plan"
    episode_id: Mapped[UUID]
    protocol_id: Mapped[UUID]
    zone: Mapped[str]
    check_in_time: Mapped[time]
    valid_from: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    thinner_restart_on: Mapped[date | None]  # the day that the doctor named for a blood thinner that was stopped
    thinner_started: Mapped[bool | None]
    thinner_settled_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("episode_id", "episode"),
        inside_clinic("protocol_id", "protocol"),
        Index("uq_care_plan_current", "clinic_id", "episode_id", unique=True, postgresql_where="replaced_at IS NULL"),
    )


class Appointment(ClinicRow, Base):
    """A follow-up visit; `settled_at` is when somebody was told that it was missed, or that nobody said.

    `sequence` counts how often it was moved or called off, for calendars that hold an older entry.
    """

    __tablename__ = "appointment"
    episode_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="booked")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(SmallInteger(), default=0, server_default="0")
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("episode_id", "episode"),
        one_of("status", ("booked", "confirmed", "change_asked", "cancelled", "kept", "missed")),
        Index(None, "clinic_id", "episode_id", "starts_at"),
    )


class Hold(ClinicRow, Base):
    """A time in which a patient is not texted: who answers for it, why, and until when."""

    __tablename__ = "hold"
    episode_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    reason: Mapped[str]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    __table_args__ = (
        inside_clinic("episode_id", "episode"),
        inside_clinic("owner_id", "clinician"),
        one_of("reason", ("hospital", "away", "other")),
        CheckConstraint("ends_at > begins_at", name="ends_after_it_begins"),
        Index("uq_hold_standing", "clinic_id", "episode_id", unique=True, postgresql_where="lifted_at IS NULL"),
    )
