"""The clinic's own expected course as it stood on a day, kept where a rule spoke of it. Append-only."""

from datetime import date
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from recovery_api.db import Base
from recovery_api.models.clinic_rows import ClinicRow, belongs_to_clinic


class KeptBand(ClinicRow, Base):
    """The windows with enough patients, each as day, patients, share of the pain that is left, and spread."""

    __tablename__ = "kept_band"
    taken_on: Mapped[date]
    figures: Mapped[list[Any]]
    __table_args__ = (belongs_to_clinic(), UniqueConstraint("clinic_id", "taken_on"))
