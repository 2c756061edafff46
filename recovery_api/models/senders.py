"""How each of our numbers fares at the carrier, and what the daily comparison with its list found."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Double, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic


class SenderState(Base):
    """One number of ours, in real time: its bucket of segments, its circuit, and what was reconciled.

    Every sender process shares it, and it holds nothing of a patient's.
    """

    __tablename__ = "sender_state"
    number: Mapped[str] = mapped_column(primary_key=True)
    clinic_id: Mapped[UUID]
    tokens: Mapped[float] = mapped_column(Double())
    filled_at: Mapped[datetime]
    bulk_after: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    alert_probe_at: Mapped[datetime | None]
    bulk_probe_at: Mapped[datetime | None]
    last_code: Mapped[int | None]
    filtered: Mapped[int] = mapped_column(default=0)
    received_until: Mapped[datetime | None]
    compared_on: Mapped[date | None]
    only_here: Mapped[int] = mapped_column(default=0)
    only_there: Mapped[int] = mapped_column(default=0)
    differing: Mapped[int] = mapped_column(default=0)
    __table_args__ = (belongs_to_clinic(), Index(None, "clinic_id"))


class CarrierComparison(ClinicRow, Base):
    """One day of one number, ours against the carrier's: rows that only one side has, by id, and ends that differ."""

    __tablename__ = "carrier_comparison"
    sender_number: Mapped[str]
    day: Mapped[date]
    compared_at: Mapped[datetime]
    here: Mapped[int]
    there: Mapped[int]
    only_here: Mapped[list[Any]]
    only_there: Mapped[list[Any]]
    differing: Mapped[list[Any]]
    __table_args__ = (belongs_to_clinic(), UniqueConstraint("clinic_id", "sender_number", "day"))
