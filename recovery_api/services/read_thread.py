"""Read a patient's thread: the texts, with the calls in their places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.delivery import WITHOUT_END
from recovery_api.domain.wording import without_link
from recovery_api.models import tables
from recovery_api.services.read_calls import Call, read_calls

MOST_LINES = 100  # texts and calls of a thread


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a patient's thread, in clear; or a call in its place, whose words were spoken and are not kept."""

    id: UUID
    direction: str
    body: str
    at: datetime
    state: str
    purpose: str | None
    error_code: int | None
    disposition: str | None
    because: str | None
    needs_person: bool
    channel: str = "sms"
    call: Call | None = None
    maybe_repeat: bool = False  # it was sent again before the end of an earlier attempt was known
    is_end_unknown: bool = False  # the carrier was asked for days and never told its end


def read_thread(
    scope: ClinicScope, patient_id: UUID, most: int = 100, before: tuple[datetime, UUID] | None = None
) -> list[Text]:
    """A patient's texts, oldest first, the newest `most` of them, or the newest before one of them."""
    scope.flush()
    return texts_told(scope, scope.connection.execute(thread_asked(scope, patient_id, most, before)).all())


def thread_asked(
    scope: ClinicScope, patient_id: UUID, most: int, before: tuple[datetime, UUID] | None = None
) -> Select[Any]:
    """The question for a patient's texts, for a statement that asks more than one."""
    message = tables.message
    statement = (
        select(message)
        .where(message.c.clinic_id == scope.clinic_id, message.c.patient_id == patient_id)
        .order_by(message.c.created_at.desc(), message.c.id.desc())
        .limit(most)
    )
    if before is not None:
        at, first = before
        statement = statement.where(
            (message.c.created_at < at) | ((message.c.created_at == at) & (message.c.id < first))
        )
    return statement


def texts_told(scope: ClinicScope, rows: Sequence[AnyRow]) -> list[Text]:
    """The texts, oldest first, out of rows that `thread_asked` found."""
    return [
        Text(
            id=row.id,
            direction=row.direction,
            body=without_link(scope.vault.open("message.body", row.id, row.body_sealed)),
            at=row.created_at,
            state=row.state,
            purpose=row.purpose,
            error_code=row.error_code,
            disposition=row.disposition,
            because=row.because,
            needs_person=row.needs_person and row.handled_at is None,
            maybe_repeat=row.maybe_repeat,
            is_end_unknown=row.end_given_up_at is not None and row.state in WITHOUT_END,
        )
        for row in reversed(rows)
    ]


def read_conversation(
    scope: ClinicScope, patient_id: UUID, most: int = 100, before: tuple[datetime, UUID] | None = None
) -> list[Text]:
    """A patient's texts and calls in one row, oldest first: the newest `most`, or the newest before one of them."""
    calls = read_calls(scope, patient_id, most, before)
    return in_one_row(read_thread(scope, patient_id, most, before), calls, most)


def in_one_row(texts: Iterable[Text], calls: Iterable[Call], most: int) -> list[Text]:
    """Texts and calls by their time, the newest `most`."""
    return sorted((*texts, *map(_as_line, calls)), key=lambda one: (one.at, one.id))[-most:]


def _as_line(call: Call) -> Text:
    return Text(
        call.id, call.direction, "", call.at, call.state, None, call.error_code, None, None, False, "voice", call
    )  # fmt: skip
