"""Pushes to patients' apps, and the proofs of keys that were seen already."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

UNREAD = ("planned", "taken")


class Push(ClinicRow, Base):
    """One push to one device, in place of a text that waits meanwhile. It says nothing, not even to whom."""

    __tablename__ = "push"
    patient_id: Mapped[UUID]
    device_id: Mapped[UUID]
    message_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default="planned")
    why: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(SmallInteger(), default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        inside_clinic("device_id", "device"),
        inside_clinic("message_id", "message"),
        UniqueConstraint("clinic_id", "message_id", "device_id"),
        one_of("state", (*UNREAD, "read", "gone", "refused", "needless")),
        Index("ix_push_unread", "clinic_id", "patient_id", postgresql_where="state IN ('planned', 'taken')"),
    )


class SeenProof(Base):
    """The digest of one proof of a key, so that it is good once."""

    __tablename__ = "seen_proof"
    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
    __table_args__ = (belongs_to_clinic(), Index(None, "clinic_id", "seen_at"))


class Knock(Base):
    """How full the bucket of one address is at a door where secrets are tried; digests alone, and no clinic."""

    __tablename__ = "knock"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    full_at: Mapped[datetime]
    __table_args__ = (Index(None, "full_at"),)
