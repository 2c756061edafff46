"""Ladders, rotas and pages: whom a clinic tells of a flag, who is on duty when, and the tellings that are no texts."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.domain.ladder import DUTIES
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

PAGE_CHANNELS = ("email", "voice")  # a page by text is a message
PAGE_STATES = ("planned", "accepted", "rejected", "expired", "needless")


class OwnLadder(ClinicRow, Base):
    """One version of a clinic's own ladder, with the last resort's phone and address; replaced, never changed."""

    __tablename__ = "ladder"
    content: Mapped[dict[str, Any]]
    last_resort_sealed: Mapped[bytes | None]
    valid_from: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        Index("uq_ladder_current", "clinic_id", unique=True, postgresql_where="replaced_at IS NULL"),
    )


class Duty(ClinicRow, Base):
    """One shift of the rota in the clinic's local time: weekly (0 is Monday, 7 a holiday) or on a single day."""

    __tablename__ = "duty"
    clinician_id: Mapped[UUID]
    duty: Mapped[str]
    weekday: Mapped[int | None] = mapped_column(SmallInteger())
    on_day: Mapped[date | None]
    starts: Mapped[time]
    ends: Mapped[time]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("clinician_id", "clinician"),
        one_of("duty", DUTIES),
        CheckConstraint("weekday BETWEEN 0 AND 7", name="weekday"),
        CheckConstraint("(weekday IS NULL) <> (on_day IS NULL)", name="weekly_or_once"),
        Index("ix_duty_standing", "clinic_id", postgresql_where="removed_at IS NULL"),
    )


class Holiday(ClinicRow, Base):
    """A day on which a clinic is closed."""

    __tablename__ = "holiday"
    held_on: Mapped[date]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        Index("uq_holiday_standing", "clinic_id", "held_on", unique=True, postgresql_where="removed_at IS NULL"),
    )


class Page(ClinicRow, Base):
    """One telling by e-mail or voice; it names the flag by its code alone."""

    __tablename__ = "page"
    flag_id: Mapped[UUID]
    clinician_id: Mapped[UUID | None]
    rung: Mapped[int] = mapped_column(SmallInteger())
    channel: Mapped[str]
    address_sealed: Mapped[bytes]
    tier: Mapped[str]
    code: Mapped[str]
    state: Mapped[str] = mapped_column(default="planned")
    attempts: Mapped[int] = mapped_column(SmallInteger(), default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    why: Mapped[str | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("flag_id", "flag"),
        inside_clinic("clinician_id", "clinician"),
        one_of("channel", PAGE_CHANNELS),
        one_of("state", PAGE_STATES),
        Index(None, "clinic_id", "flag_id"),
    )
