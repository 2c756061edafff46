"""Messages: every text in or out, with its delivery; the outgoing ones are the outbox."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, inside_clinic, one_of
from recovery_api.models.patients import QUESTIONS

OUTGOING_STATES = (
    "planned", "sending", "unknown", "throttled", "accepted", "queued", "sent", "delivered", "undelivered", "failed",
    "canceled", "read", "rejected", "expired", "suppressed",
)  # fmt: skip
WITHOUT_END = "state IN ('accepted', 'queued', 'sent') AND end_given_up_at IS NULL"
PURPOSES = ("reminder", "conversation", "safety", "page", "service")
DISPOSITIONS = (
    "recorded", "asked_again", "for_a_person", "unknown_sender", "shared_phone", "opted_out", "opted_in", "helped",
    "call_asked", "wrong_person", "deceased", "visit_answered", "thanked", "hour_changed", "left_unanswered",
    "page_answered",
)  # fmt: skip


class Message(ClinicRow, Base):
    """One text. The carrier's SID is unique, so that a repeated webhook finds its first arrival."""

    __tablename__ = "message"
    direction: Mapped[str]
    state: Mapped[str]
    sid: Mapped[str | None]
    phone_sealed: Mapped[bytes]
    phone_digest: Mapped[bytes]
    sender_number: Mapped[str]
    body_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    contact_point_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    episode_id: Mapped[UUID | None]
    clinician_id: Mapped[UUID | None]
    in_reply_to_id: Mapped[UUID | None]
    # incoming
    disposition: Mapped[str | None]
    intent: Mapped[str | None]
    words_tier: Mapped[str | None]
    because: Mapped[str | None]
    reader_version: Mapped[str | None]
    media_count: Mapped[int | None] = mapped_column(SmallInteger())
    needs_person: Mapped[bool] = mapped_column(default=False)
    handled_at: Mapped[datetime | None]
    handled_by_id: Mapped[UUID | None]
    handled_note_sealed: Mapped[bytes | None]
    # outgoing
    lane: Mapped[str | None]
    purpose: Mapped[str | None]
    text_key: Mapped[str | None]
    text_version: Mapped[str | None]
    question: Mapped[str | None]
    question_on: Mapped[date | None]
    reminder_id: Mapped[UUID | None]
    flag_id: Mapped[UUID | None]
    due_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger(), default=0)
    attempted_at: Mapped[datetime | None]
    asked_list: Mapped[int] = mapped_column(SmallInteger(), default=0)
    maybe_repeat: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[int | None]
    settled_at: Mapped[datetime | None]
    conflict: Mapped[str | None]
    status_asked_at: Mapped[datetime | None]
    end_given_up_at: Mapped[datetime | None]  # when asking for the end ended without one
    __table_args__ = (
        inside_clinic("contact_point_id", "contact_point"),
        inside_clinic("patient_id", "patient"),
        inside_clinic("episode_id", "episode"),
        inside_clinic("clinician_id", "clinician"),
        inside_clinic("in_reply_to_id", "message"),
        inside_clinic("reminder_id", "reminder"),
        inside_clinic("flag_id", "flag"),
        Index("uq_message_sid", "clinic_id", "sid", unique=True, postgresql_where="sid IS NOT NULL"),
        Index(
            "uq_message_reminder_id",
            "clinic_id",
            "reminder_id",
            unique=True,
            postgresql_where="reminder_id IS NOT NULL",
        ),
        one_of("direction", ("in", "out")),
        one_of("state", ("received", *OUTGOING_STATES)),
        one_of("lane", ("alert", "bulk")),
        one_of("purpose", PURPOSES),
        one_of("disposition", DISPOSITIONS),
        one_of("question", QUESTIONS),
        Index("ix_message_thread", "clinic_id", "patient_id", "created_at"),
        Index("ix_message_phone", "clinic_id", "phone_digest", "created_at"),
        Index(
            "ix_message_unsettled",
            "clinic_id",
            postgresql_where="state IN ('planned', 'throttled', 'sending', 'unknown')",
        ),
        Index("ix_message_without_end", "clinic_id", "attempted_at", postgresql_where=WITHOUT_END),
        Index("ix_message_inbox", "clinic_id", "created_at", postgresql_where="needs_person AND handled_at IS NULL"),
    )
