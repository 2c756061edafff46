"""The database: one metadata, one session, and transactions that belong to one clinic."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g
from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, DateTime, LargeBinary, MetaData, Row, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import Uuid

from recovery_api.domain.errors import NotFound
from recovery_api.late_writes import LateWrites
from recovery_api.prepared import Asked, Prepared, driver_of
from recovery_api.vault import ClinicVault, DataKey

AnyRow = Row[*tuple[Any, ...]]

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Base(DeclarativeBase):
    """The base of every table."""

    registry = registry(
        metadata=metadata,
        type_annotation_map={
            datetime: DateTime(timezone=True),
            str: Text(),
            bytes: LargeBinary(),
            UUID: Uuid(),
            dict[str, Any]: JSONB(),
            list[Any]: JSONB(),
        },
    )


READING_COPY = "reading_copy"  # the bind of DATABASE_READ_URL
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": False})

_ENTER = """
WITH entered AS MATERIALIZED ({found})
SELECT c.id, c.name, c.zone, c.phone, c.emergency_number, c.wrapped_key, c.texts_version, c.rules_version,
       {number} AS number {also}
FROM entered JOIN LATERAL (SELECT * FROM clinic WHERE clinic.id = entered.clinic_id OFFSET 0) c ON true {joined}
"""


def entering(
    found: str,
    number: str = "(SELECT min(s.number) FROM sender_number s WHERE s.clinic_id = c.id)",
    also: str = "",
    joined: str = "",
) -> Prepared:
    """A question that enters the clinic which `found` names, and gives its row, with `also` what is `joined` to it.

    `found` is SQL that sets `app.clinic` for its one row. What is joined must be LATERAL and hang on that row, so that
    nothing is looked at before the wall stands.
    """
    return Prepared(text(_ENTER.format(found=found, number=number, also=also, joined=joined)))


_ENTER_CLINIC = entering("SELECT set_config('app.clinic', :clinic, true)::uuid AS clinic_id")
_ENTER_BY_NUMBER = entering(
    "SELECT set_config('app.clinic', clinic_id::text, true)::uuid AS clinic_id FROM sender_number"
    " WHERE number = :number",
    number="CAST(:number AS text)",
)


@dataclass(frozen=True, slots=True)
class ClinicScope:
    """One open transaction inside one clinic: its connection, what is known of the clinic, and its vault."""

    clinic_id: UUID
    name: str
    zone: ZoneInfo
    phone: str
    emergency_number: str
    number: str
    texts_version: int
    rules_version: int
    connection: Connection
    vault: ClinicVault
    late: LateWrites

    def write_late(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows that nothing in this transaction reads, with the commit; `flush` sends them at once."""
        self.late.add(table, rows)

    def change_late(self, table: Table, row_id: UUID, **values: Any) -> None:
        """Change one row of this clinic with the commit; nothing in this transaction reads it again."""
        self.late.change(table, {"clinic_id": self.clinic_id, "id": row_id}, values)

    def flush(self) -> None:
        """Send what waits for the commit, so that a statement of this transaction can see it."""
        self.late.flush(driver_of(self.connection))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What an error in here undoes, with the rows that wait; what waited before is sent first, and stays."""
        self.flush()
        try:
            with self.connection.begin_nested():
                yield
                self.flush()
        finally:
            self.late.drop()  # after a success nothing waits

    def seal(self, place: str, row_id: UUID, value: str | None) -> bytes | None:
        """`value` sealed for `table.column` of one row; None stays None."""
        return None if value is None else self.vault.seal(place, row_id, value)

    def open(self, place: str, row_id: UUID, sealed: bytes | None) -> str | None:
        """A sealed value in clear; None stays None."""
        return None if sealed is None else self.vault.open(place, row_id, sealed)

    def phone_digest(self, phone: str) -> bytes:
        """By which an E.164 number is found inside this clinic."""
        return self.vault.digest("phone", phone)


class Vaults:
    """The vaults of the clinics that this process has met, opened with the data key."""

    def __init__(self, key: bytes) -> None:
        self.data_key = DataKey(key)
        self._of = lru_cache(maxsize=1024)(self.data_key.vault)
        self._by_number: dict[str, tuple[UUID, ClinicVault]] = {}

    def of(self, clinic_id: UUID, wrapped: bytes) -> ClinicVault:
        """The vault of one clinic, from its wrapped key."""
        return self._of(clinic_id, bytes(wrapped))

    def guess(self, number: str) -> tuple[UUID, ClinicVault] | None:
        """The clinic that sent from `number` when this process last met it: to be checked, never believed."""
        return self._by_number.get(number)

    def remember(self, scope: ClinicScope) -> None:
        """The clinic of a number, for the next guess."""
        self._by_number[scope.number] = (scope.clinic_id, scope.vault)


@contextmanager
def begin() -> Iterator[Connection]:
    """A connection in a transaction of its own."""
    with db.engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def open_transaction() -> Iterator[Connection]:
    """A transaction that belongs to no clinic yet: it sees only sender numbers, digests, due work and heartbeats.

    Raises RuntimeError where an error of the database was swallowed inside, as a commit would then keep nothing.
    """
    if "late_writes" in g:
        raise RuntimeError("a transaction is open already: two would commit each other's work")
    late = g.late_writes = LateWrites()
    try:
        with begin() as connection:
            yield connection
            if driver_of(connection).info.transaction_status == TransactionStatus.INERROR:
                raise RuntimeError("a statement of this transaction failed: nothing of it can be committed")
            late.flush(driver_of(connection), commit=not connection.in_nested_transaction())
    finally:
        g.pop("late_writes", None)


@contextmanager
def clinic_transaction(clinic_id: UUID, vaults: Vaults) -> Iterator[ClinicScope]:
    """A transaction inside one clinic, committed at the end and rolled back on any error."""
    with open_transaction() as connection:
        yield enter_clinic(connection, clinic_id, vaults)


def enter_clinic(connection: Connection, clinic_id: UUID, vaults: Vaults) -> ClinicScope:
    """Make an open transaction belong to one clinic. Raises NotFound where there is no such clinic."""
    return entered_as(connection, ask_to_enter_clinic(connection, clinic_id), vaults)


def ask_to_enter_clinic(connection: Connection, clinic_id: UUID) -> Asked:
    """The question that enters one clinic; what is asked after it sees that clinic alone."""
    _late_writes().flush(driver_of(connection))  # what waits belongs to the clinic that is being left
    return _ENTER_CLINIC.ask(connection, {"clinic": str(clinic_id)})


def enter_clinic_of_number(connection: Connection, number: str, vaults: Vaults) -> ClinicScope:
    """Make an open transaction belong to the clinic that sends from `number`. Raises NotFound where none does."""
    return entered(connection, ask_to_enter(connection, number), vaults)


def ask_to_enter(connection: Connection, number: str) -> Asked:
    """The question that enters the clinic that sends from `number`; what is asked after it sees that clinic alone."""
    return _ENTER_BY_NUMBER.ask(connection, {"number": number})


def ask_to_enter_by(connection: Connection, statement: Prepared, values: Mapping[str, Any]) -> Asked:
    """A question that enters the clinic that it finds; what is asked after it sees that clinic alone."""
    _late_writes().flush(driver_of(connection))  # what waits belongs to the clinic that is being left
    return statement.ask(connection, values)


def entered_as(connection: Connection, asked: Asked, vaults: Vaults) -> ClinicScope:
    """The clinic that was entered. Raises NotFound where there is none."""
    return scope_of(connection, asked.first(), vaults)


def entered(connection: Connection, asked: Asked, vaults: Vaults) -> ClinicScope:
    """The clinic that was entered. Raises NotFound where no clinic sends from that number."""
    scope = scope_of(connection, asked.first(), vaults)
    vaults.remember(scope)
    return scope


def _late_writes() -> LateWrites:
    late: LateWrites = g.late_writes
    return late


def scope_of(connection: Connection, clinic: AnyRow | None, vaults: Vaults) -> ClinicScope:
    """The scope of a clinic that was entered, from its row. Raises NotFound where there is none."""
    if clinic is None:
        raise NotFound("There is no such clinic.")
    return ClinicScope(
        clinic_id=clinic.id,
        name=clinic.name,
        zone=ZoneInfo(clinic.zone),
        phone=clinic.phone,
        emergency_number=clinic.emergency_number,
        number=clinic.number or "",
        texts_version=clinic.texts_version,
        rules_version=clinic.rules_version,
        connection=connection,
        vault=vaults.of(clinic.id, clinic.wrapped_key),
        late=_late_writes(),
    )
