"""Clinics, the numbers their texts come from, and the clinicians who answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, one_of

ROLES = ("nurse", "clinician", "lead", "privacy_officer", "operator")


class Clinic(Base):
    """A clinic; its key is wrapped by the data key."""

    __tablename__ = "clinic"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    zone: Mapped[str]
    phone: Mapped[str]
    emergency_number: Mapped[str]
    wrapped_key: Mapped[bytes]
    texts_version: Mapped[int] = mapped_column(default=0, server_default="0")
    rules_version: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]


class SenderNumber(Base):
    """A number that texts are sent from; it belongs to one clinic. Known before the clinic is."""

    __tablename__ = "sender_number"
    number: Mapped[str] = mapped_column(primary_key=True)
    clinic_id: Mapped[UUID]
    __table_args__ = (belongs_to_clinic(), Index(None, "clinic_id"))


class Clinician(ClinicRow, Base):
    """Somebody of the clinic's staff."""

    __tablename__ = "clinician"
    role: Mapped[str]
    name_sealed: Mapped[bytes]
    email_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]
    is_paged: Mapped[bool] = mapped_column(default=False)
    is_synthetic: Mapped[bool] = mapped_column(default=False, server_default="false")
    password_hash: Mapped[str | None]
    totp_sealed: Mapped[bytes | None]
    totp_step: Mapped[int] = mapped_column(default=0)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    __table_args__ = (belongs_to_clinic(), one_of("role", ROLES))
