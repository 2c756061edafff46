"""What a lead proposes to change in the rules of a clinic, and what a second person decided. Both append-only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of
from recovery_api.models.wordings import OUTCOMES


class RuleChange(ClinicRow, Base):
    """Numbers in place of the shipped ones, by rule; all that the clinic changed, not the last step alone."""

    __tablename__ = "rule_change"
    content: Mapped[dict[str, Any]]
    why: Mapped[str]
    pack_version: Mapped[str]
    proposed_by_id: Mapped[UUID]
    proposed_at: Mapped[datetime]
    __table_args__ = (belongs_to_clinic(), inside_clinic("proposed_by_id", "clinician"))


class RuleChangeDecision(ClinicRow, Base):
    """Signed or refused, once. A signature carries the clinic's version of its rules from which on it holds."""

    __tablename__ = "rule_change_decision"
    rule_change_id: Mapped[UUID]
    outcome: Mapped[str]
    rules_version: Mapped[int | None]
    decided_by_id: Mapped[UUID]
    decided_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("rule_change_id", "rule_change"),
        inside_clinic("decided_by_id", "clinician"),
        UniqueConstraint("clinic_id", "rule_change_id"),
        UniqueConstraint("clinic_id", "rules_version"),
        one_of("outcome", OUTCOMES),
        CheckConstraint("(outcome = 'signed') = (rules_version IS NOT NULL)", name="version"),
    )


class ClockMark(Base):
    """The latest product time that the ladders have seen: a clock that shows less was put back by the difference."""

    __tablename__ = "clock_mark"
    name: Mapped[str] = mapped_column(primary_key=True)
    latest_at: Mapped[datetime]
