"""Patients, the phones that reach them, and what they have agreed to."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

QUESTIONS = ("pain", "symptoms", "activity", "medication", "appointment", "thinner", "who")
CONTACT_CHANNELS = ("sms", "voice")  # voice: a landline, which is called where others are texted
CONTACT_STATES = ("invited", "active", "opted_out", "unusable", "wrong_person")  # invited: asked, not joined yet


class Patient(ClinicRow, Base):
    """A person in recovery; everything that names them is sealed."""

    __tablename__ = "patient"
    given_name_sealed: Mapped[bytes]
    family_name_sealed: Mapped[bytes]
    born_on_sealed: Mapped[bytes]
    record_number_sealed: Mapped[bytes | None]
    sex: Mapped[str]
    language: Mapped[str]
    zone: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    is_synthetic: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        one_of("sex", ("female", "male", "other", "unknown")),
        one_of("status", ("active", "deceased", "left")),
        Index("uq_patient_synthetic", "clinic_id", unique=True, postgresql_where="is_synthetic"),
        Index("ix_patient_active", "clinic_id", postgresql_where="status = 'active' AND NOT is_synthetic"),
    )


class ContactPoint(ClinicRow, Base):
    """One phone of one person: whose it is, what was asked on it, and whether it may be used."""

    __tablename__ = "contact_point"
    patient_id: Mapped[UUID]
    whose: Mapped[str] = mapped_column(default="patient")
    label: Mapped[str]
    phone_sealed: Mapped[bytes]
    phone_digest: Mapped[bytes]
    channel: Mapped[str] = mapped_column(default="sms", server_default="sms")
    takes_link: Mapped[bool] = mapped_column(default=False, server_default="false")  # chose the web check-in
    state: Mapped[str] = mapped_column(default="active")
    question: Mapped[str | None]
    question_message_id: Mapped[UUID | None]
    question_asked_at: Mapped[datetime | None]
    question_on: Mapped[date | None]
    times_asked: Mapped[int] = mapped_column(default=0)
    # The last answers that went out unasked for: when, and digests of the texts that they answered.
    answered_at: Mapped[list[datetime] | None] = mapped_column(ARRAY(DateTime(timezone=True)))
    answered_texts: Mapped[list[bytes] | None] = mapped_column(ARRAY(LargeBinary()))
    written_to_at: Mapped[datetime | None]  # when the last text in a clinician's own words was to leave
    created_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        one_of("whose", ("patient", "caregiver")),
        one_of("state", CONTACT_STATES),
        one_of("question", QUESTIONS),
        one_of("channel", CONTACT_CHANNELS),
        Index(None, "clinic_id", "phone_digest"),
        Index(None, "clinic_id", "patient_id"),
    )


class Consent(ClinicRow, Base):
    """One line of the ledger: what a person agreed to or took back, and the words that were shown. Append-only.

    `whose` tells whether the patient or a caregiver decided; the words are those shown, or those said to take it back.
    """

    __tablename__ = "consent"
    patient_id: Mapped[UUID]
    contact_point_id: Mapped[UUID | None]
    purpose: Mapped[str]
    channel: Mapped[str]
    granted: Mapped[bool]
    words_key: Mapped[str]
    words_version: Mapped[str]
    whose: Mapped[str | None]
    words_sealed: Mapped[bytes | None]
    source: Mapped[str]
    message_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        inside_clinic("contact_point_id", "contact_point"),
        one_of("purpose", ("care_texts", "all_texts", "research")),
        one_of("channel", ("sms", "voice", "app", "email")),
        one_of("whose", ("patient", "caregiver")),
        Index(None, "clinic_id", "patient_id", "recorded_at"),
    )
