"""What every clinical table shares: a key that leads with the clinic, and references that stay inside it."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column


class ClinicRow:
    """A row that belongs to one clinic."""

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)


def belongs_to_clinic() -> ForeignKeyConstraint:
    """The reference to the clinic itself.

    The busiest tables do without: every text would lock the one row of its clinic, and row-level security already
    refuses a row of any clinic but the one at hand. No clinic can be deleted by the application.
    """
    return ForeignKeyConstraint(["clinic_id"], ["clinic.id"])


def inside_clinic(column: str, table: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the clinic: (clinic_id, column) to (clinic_id, id)."""
    return ForeignKeyConstraint(["clinic_id", column], [f"{table}.clinic_id", f"{table}.id"])


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """The column holds one of these words, or nothing where it may be empty."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
