"""Read the calls with one patient: when, which way, how each ended, and what was answered by keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables

_MADE = ("sending", "unknown", "accepted", "under_way", "ended", "rejected")


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `at` is when somebody picked up, else when it was due or came. `outcome` is None until it ended.

    `is_answered` tells that keys saved something: `pain` from 0 to 10, and the `symptoms` that were said yes to.
    """

    id: UUID
    direction: str
    at: datetime
    state: str
    outcome: str | None
    try_number: int
    error_code: int | None = None
    is_answered: bool = False
    pain: int | None = None
    symptoms: tuple[str, ...] = ()


def read_calls(
    scope: ClinicScope, patient_id: UUID, most: int = 100, before: tuple[datetime, UUID] | None = None
) -> list[Call]:
    """A patient's calls that were made or came, the newest `most` or the newest before a place, newest first."""
    rows = scope.connection.execute(calls_asked(scope, patient_id, most, before)).all()
    return calls_told(rows, _keyed(scope, rows))


def calls_told(rows: Iterable[AnyRow], keyed: Sequence[AnyRow]) -> list[Call]:
    """The calls out of rows that `calls_asked` found, with what `keyed_asked` did."""
    return [_call(row, [one for one in keyed if _is_of(one, row)]) for row in rows]


def calls_asked(
    scope: ClinicScope, patient_id: UUID, most: int = 100, before: tuple[datetime, UUID] | None = None
) -> Select[Any]:
    """The question for a patient's calls, for a statement that asks more than one."""
    call = tables.phone_call
    at = func.coalesce(call.c.answered_at, call.c.due_at, call.c.created_at)
    statement = (
        select(call, at.label("at"))
        .where(call.c.clinic_id == scope.clinic_id, call.c.patient_id == patient_id, call.c.state.in_(_MADE))
        .order_by(at.desc(), call.c.id.desc())
        .limit(most)
    )
    if before is not None:
        moment, first = before
        statement = statement.where((at < moment) | ((at == moment) & (call.c.id < first)))
    return statement


def _keyed(scope: ClinicScope, calls: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """What keys saved since the first of these calls, oldest first; every saved key is a check-in of its own."""
    answered = [call.answered_at for call in calls if call.answered_at is not None and call.episode_id is not None]
    if not answered:
        return ()
    episodes = list({call.episode_id for call in calls})
    since = tables.check_in.c.recorded_at >= min(answered)
    return scope.connection.execute(keyed_asked(scope, episodes).where(since)).all()


def keyed_asked(scope: ClinicScope, episode_ids: Sequence[UUID] | Select[tuple[UUID]]) -> Select[Any]:
    """The question for what keys saved in some recoveries, oldest first."""
    check_in = tables.check_in
    return (
        select(check_in.c.episode_id, check_in.c.recorded_at, check_in.c.pain, check_in.c.symptoms)
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            check_in.c.episode_id.in_(episode_ids),
            check_in.c.channel == "voice",
        )
        .order_by(check_in.c.recorded_at, check_in.c.id)
    )


def _is_of(saved: AnyRow, call: AnyRow) -> bool:
    """Whether keys of this call saved it."""
    if call.answered_at is None or saved.episode_id != call.episode_id or saved.recorded_at < call.answered_at:
        return False
    return call.ended_at is None or bool(saved.recorded_at <= call.ended_at)


def _call(row: AnyRow, keyed: Sequence[AnyRow]) -> Call:
    scores = [one.pain for one in keyed if one.pain is not None]
    return Call(
        id=row.id,
        direction=row.direction,
        at=row.at,
        state=row.state,
        outcome=row.outcome,
        try_number=row.try_number,
        error_code=row.error_code,
        is_answered=bool(keyed),
        pain=scores[-1] if scores else None,
        symptoms=tuple(dict.fromkeys(code for one in keyed for code in one.symptoms)),
    )
