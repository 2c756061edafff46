"""The clinics that are at work."""

from uuid import UUID

from sqlalchemy import select

from recovery_api.db import open_transaction
from recovery_api.models import tables


def list_clinics() -> list[UUID]:
    """Every clinic that has a number to text from."""
    with open_transaction() as connection:
        return list(connection.execute(select(tables.sender_number.c.clinic_id).distinct()).scalars())
