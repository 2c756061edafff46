"""Flags: findings that await a person, and everything that happened to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.domain.tiers import Tier
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

FAMILIES = (
    "red_flag", "worsening", "non_recovery", "activity", "medication", "silence", "delivery", "operations",
    "preparation", "visits", "visit_news", "forms",
)  # fmt: skip
STATUSES = ("open", "acknowledged", "snoozed", "resolved")
OUTCOMES = (
    "advised", "visit_booked", "imaging", "sent_to_emergency", "new_fracture", "could_not_reach", "false_alarm",
    "other",
)  # fmt: skip
EVENT_KINDS = (
    "opened", "repeated", "raised", "paged", "acknowledged", "assigned", "snoozed", "woken", "resolved", "reopened",
    "could_not_reach", "noted", "nobody_told", "page_failed", "patient_told", "rung_moved",
)  # fmt: skip


class Flag(ClinicRow, Base):
    """One open question to the clinic's people about one patient, or about a phone that nobody knows."""

    __tablename__ = "flag"
    episode_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    phone_digest: Mapped[bytes | None]
    message_id: Mapped[UUID | None]
    check_in_id: Mapped[UUID | None]
    family: Mapped[str]
    tier: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    rule: Mapped[str]
    rule_version: Mapped[str]
    reason: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    quote_sealed: Mapped[bytes | None]
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    respond_by: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    told_pain: Mapped[int | None] = mapped_column(SmallInteger())
    climb: Mapped[int] = mapped_column(SmallInteger(), default=1, server_default="1")
    next_rung: Mapped[int | None] = mapped_column(SmallInteger())
    next_rung_at: Mapped[datetime | None]
    patient_told_at: Mapped[datetime | None]
    owner_id: Mapped[UUID | None]
    acknowledged_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    repeats: Mapped[int] = mapped_column(SmallInteger(), default=0)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("episode_id", "episode"),
        inside_clinic("patient_id", "patient"),
        inside_clinic("owner_id", "clinician"),
        one_of("family", FAMILIES),
        one_of("tier", tuple(Tier)),
        one_of("status", STATUSES),
        one_of("outcome", OUTCOMES),
        CheckConstraint("status <> 'resolved' OR outcome IS NOT NULL", name="resolved_has_outcome"),
        CheckConstraint("episode_id IS NOT NULL OR phone_digest IS NOT NULL", name="has_subject"),
        Index(
            "uq_flag_open", "clinic_id", "episode_id", "family", unique=True,
            postgresql_where="status <> 'resolved' AND episode_id IS NOT NULL",
        ),
        Index(
            "uq_flag_open_phone", "clinic_id", "phone_digest", "family", unique=True,
            postgresql_where="status <> 'resolved' AND episode_id IS NULL",
        ),
        Index("ix_flag_worklist", "clinic_id", "tier", "waiting_since", postgresql_where="status <> 'resolved'"),
        Index("ix_flag_resolved", "clinic_id", "resolved_at", postgresql_where="status = 'resolved'"),
        Index(None, "clinic_id", "patient_id"),
    )  # fmt: skip


class FlagEvent(ClinicRow, Base):
    """One thing that happened to a flag. Append-only."""

    __tablename__ = "flag_event"
    flag_id: Mapped[UUID]
    kind: Mapped[str]
    at: Mapped[datetime]
    clinician_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]
    note_sealed: Mapped[bytes | None]
    __table_args__ = (
        inside_clinic("flag_id", "flag"),
        inside_clinic("clinician_id", "clinician"),
        one_of("kind", EVENT_KINDS),
        Index(None, "clinic_id", "flag_id", "at"),
    )
