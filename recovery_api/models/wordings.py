"""A clinic's own wording of a text, and what a second person decided about it. Both append-only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

OUTCOMES = ("signed", "refused")


class Wording(ClinicRow, Base):
    """What a lead proposes for one text in one language; without a body, the shipped words come back."""

    __tablename__ = "wording"
    text_key: Mapped[str]
    language: Mapped[str]
    body: Mapped[str | None]
    most_segments: Mapped[int] = mapped_column(SmallInteger())
    pack_version: Mapped[str]
    proposed_by_id: Mapped[UUID]
    proposed_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("proposed_by_id", "clinician"),
        CheckConstraint("most_segments IN (1, 2)", name="most_segments"),
        Index("ix_wording_text", "clinic_id", "text_key", "language"),
    )


class WordingDecision(ClinicRow, Base):
    """Signed or refused, once. A signature carries the clinic's version of its texts from which on it holds."""

    __tablename__ = "wording_decision"
    wording_id: Mapped[UUID]
    outcome: Mapped[str]
    texts_version: Mapped[int | None]
    decided_by_id: Mapped[UUID]
    decided_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("wording_id", "wording"),
        inside_clinic("decided_by_id", "clinician"),
        UniqueConstraint("clinic_id", "wording_id"),
        UniqueConstraint("clinic_id", "texts_version"),
        one_of("outcome", OUTCOMES),
        CheckConstraint("(outcome = 'signed') = (texts_version IS NOT NULL)", name="version"),
    )
