"""The queue of due work and the heartbeats of the processes: rows without a clinic's data in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.models.clinic_rows import one_of

WORK_KINDS = ("reminder", "unanswered", "send_alert", "send_bulk", "call", "rung", "page", "push", "jump")


class DueWork(Base):
    """One row that somebody must look at: when by product time, and held by whom until when by real time."""

    __tablename__ = "due_work"
    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    priority: Mapped[int] = mapped_column(SmallInteger(), default=5)
    held_until: Mapped[datetime]
    holder: Mapped[str | None]
    __table_args__ = (
        one_of("kind", WORK_KINDS),
        Index("ix_due_work_next", "kind", "priority", "due_at"),
    )


class Heartbeat(Base):
    """When a process last completed a cycle, in real time."""

    __tablename__ = "heartbeat"
    process: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]
