"""Credentials as digests, the devices that hold them, and the answers kept for repeated writes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

CREDENTIAL_KINDS = (
    "login",
    "set_up",
    "session",
    "staff_access",
    "patient_access",
    "patient_refresh",
    "enrol_code",
    "web_link",
    "web_session",
    "passkey",
    "passkey_answer",
    "recovery_code",
    "web_later",
)


class Credential(Base):
    """A digest by which a bearer is found before the clinic is known; it holds no personal data."""

    __tablename__ = "credential"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    clinic_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    family_id: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    key_thumbprint: Mapped[bytes | None]  # of an app's key, which has to prove itself with every use
    ends_at: Mapped[datetime | None]  # of an app's tokens: when their whole family ends, however often refreshed
    # of a session: the kind of browser, what it was opened by, and when its holder last proved who they are
    device: Mapped[str | None]
    proof: Mapped[str | None]
    proved_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        one_of("kind", CREDENTIAL_KINDS),
        Index(None, "clinic_id", "subject_id"),
        Index(None, "family_id"),
    )


class Device(ClinicRow, Base):
    """A phone or tablet that runs the app for one patient."""

    __tablename__ = "device"
    patient_id: Mapped[UUID]
    name_sealed: Mapped[bytes | None]
    platform: Mapped[str | None]
    push_token_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        one_of("platform", ("webpush", "expo", "fcm", "apns")),
        Index(None, "clinic_id", "patient_id"),
    )


class IdempotencyKey(ClinicRow, Base):
    """The first answer to a write, given again when the same key comes with the same body."""

    __tablename__ = "idempotency_key"
    bearer_id: Mapped[UUID]
    key_digest: Mapped[bytes]
    body_digest: Mapped[bytes]
    status: Mapped[int]
    answer_sealed: Mapped[bytes]
    headers: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        Index("uq_idempotency_key", "clinic_id", "bearer_id", "key_digest", unique=True),
    )


class OpenAnswer(Base):
    """The answer to a write that needs no token, under the digest of its key; none while it is worked on."""

    __tablename__ = "open_answer"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    write_digest: Mapped[bytes]
    claimed_at: Mapped[datetime]
    answer_sealed: Mapped[bytes | None]
    other_writes: Mapped[int] = mapped_column(SmallInteger(), server_default="0")
    __table_args__ = (Index(None, "claimed_at"),)
