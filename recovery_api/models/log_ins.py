"""What clinicians sign in with besides a password, and looks at charts that their role does not open."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

LOOK_REASONS = ("emergency", "cover", "complaint", "other")


class Passkey(ClinicRow, Base):
    """One passkey of one clinician; its digest in `credential` finds it before the clinic is known."""

    __tablename__ = "passkey"
    clinician_id: Mapped[UUID]
    credential_id: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger())
    name_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("clinician_id", "clinician"),
        UniqueConstraint("clinic_id", "credential_id"),
        Index(None, "clinic_id", "clinician_id"),
    )


class EmergencyLook(ClinicRow, Base):
    """A chart opened for an hour to somebody whose role does not open charts, and why. Append-only."""

    __tablename__ = "emergency_look"
    clinician_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    reason: Mapped[str]
    words_sealed: Mapped[bytes]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("clinician_id", "clinician"),
        inside_clinic("patient_id", "patient"),
        one_of("reason", LOOK_REASONS),
        Index(None, "clinic_id", "clinician_id", "patient_id"),
    )
