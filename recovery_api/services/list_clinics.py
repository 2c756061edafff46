"""The clinics that are at work."""

from uuid import UUID

from sqlalchemy import Connection, select

from recovery_api.db import open_transaction
from recovery_api.models import tables


def list_clinics() -> list[UUID]:
    """Every clinic that has a number to text from."""
    with open_transaction() as connection:
        return find_clinics(connection)


def find_clinics(connection: Connection) -> list[UUID]:
    """The same in the caller's transaction, before it belongs to a clinic."""
    return list(connection.execute(select(tables.sender_number.c.clinic_id).distinct()).scalars())
