"""Audit events: who did or saw what. The application may add and read them, and nothing else."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, one_of


class AuditEvent(ClinicRow, Base):
    """One deed or look. Append-only."""

    __tablename__ = "audit_event"
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]
    __table_args__ = (
        one_of("actor_kind", ("clinician", "patient", "system", "operator")),
        Index(None, "clinic_id", "patient_id", "at"),
    )
