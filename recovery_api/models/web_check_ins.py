"""Links to the web check-in, and the answers that were given behind each until they are sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic, inside_clinic, one_of

ASKS = ("check_in", "form")


class WebCheckIn(ClinicRow, Base):
    """One link that was texted: what it asks for, how often a year was tried, and what was answered."""

    __tablename__ = "web_check_in"
    patient_id: Mapped[UUID]
    episode_id: Mapped[UUID]
    client_id: Mapped[UUID]
    language: Mapped[str]
    tries: Mapped[int] = mapped_column(SmallInteger(), default=0)
    answers_sealed: Mapped[bytes | None]
    check_in_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    asks: Mapped[str] = mapped_column(default="check_in", server_default="check_in")
    form_sealed: Mapped[bytes | None]
    __table_args__ = (
        belongs_to_clinic(),
        inside_clinic("patient_id", "patient"),
        inside_clinic("episode_id", "episode"),
        one_of("asks", ASKS),
    )
