"""What a patient's app may hold, item by item: an id, a digest of what it says, and the way to read it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.answer_questionnaire import list_questionnaires
from recovery_api.services.keep_activity_days import read_day
from recovery_api.services.read_check_ins import read_latest
from recovery_api.services.read_me import read_me
from recovery_api.services.read_today import list_plan, list_visits

KINDS = ("me", "check_in", "activity_day", "questionnaire", "plan_item", "appointment", "message")
MARK_BYTES = 8
_MOST_PLANNED = 1_000
Key = tuple[str, UUID]
Read = Callable[[Sequence[UUID]], Mapping[UUID, Any]]


@dataclass(frozen=True, slots=True)
class OwnText:
    """One text as the patient sees it."""

    id: UUID
    direction: str
    body: str
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything that an app may hold now: a mark for each item, and how items of each kind are read."""

    marks: Mapping[Key, bytes]
    readers: Mapping[str, Read]


def read_state(scope: ClinicScope, patient_id: UUID, now: datetime) -> State:
    """The state of one patient's data; cheap, since what is many is only read once it is asked for."""
    whole = {kind: {row.id: row for row in rows} for kind, rows in _whole(scope, patient_id, now)}
    marks = {(kind, row_id): _mark(row) for kind, rows in whole.items() for row_id, row in rows.items()}
    marks |= {("check_in", row_id): _mark(version) for row_id, version in _check_ins(scope, patient_id)}
    marks |= {("message", row_id): _mark(state) for row_id, state in _messages(scope, patient_id)}
    readers = {kind: _read_from(rows) for kind, rows in whole.items()}
    readers["check_in"] = lambda ids: {one.id: one for one in read_latest(scope, patient_id, ids)}
    readers["message"] = lambda ids: {one.id: one for one in _texts(scope, ids)}
    return State(marks, readers)


def _read_from(rows: Mapping[UUID, Any]) -> Read:
    return lambda ids: {row_id: rows[row_id] for row_id in ids}


def _whole(scope: ClinicScope, patient_id: UUID, now: datetime) -> Iterator[tuple[str, Sequence[Any]]]:
    """What is few enough to be read at once."""
    yield "me", [read_me(scope, patient_id)]
    yield "activity_day", _days(scope, patient_id)
    yield "questionnaire", list_questionnaires(scope, patient_id)
    yield "appointment", list_visits(scope, patient_id)
    try:
        yield "plan_item", list_plan(scope, patient_id, now, None, _MOST_PLANNED)
    except NotFound:
        yield "plan_item", []


def _days(scope: ClinicScope, patient_id: UUID) -> list[Any]:
    day = tables.activity_day
    chosen = select(day).where(day.c.clinic_id == scope.clinic_id, day.c.patient_id == patient_id)
    return [read_day(row) for row in scope.connection.execute(chosen)]


def _check_ins(scope: ClinicScope, patient_id: UUID) -> list[tuple[UUID, int]]:
    check_in, episode = tables.check_in, tables.episode
    rows = scope.connection.execute(
        select(check_in.c.id, func.max(check_in.c.version))
        .join(episode, (episode.c.clinic_id == check_in.c.clinic_id) & (episode.c.id == check_in.c.episode_id))
        .where(check_in.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id)
        .group_by(check_in.c.id)
    )
    return [(row[0], row[1]) for row in rows]


def _messages(scope: ClinicScope, patient_id: UUID) -> list[tuple[UUID, str]]:
    message = tables.message
    rows = scope.connection.execute(
        select(message.c.id, message.c.state).where(
            message.c.clinic_id == scope.clinic_id, message.c.patient_id == patient_id
        )
    )
    return [(row[0], row[1]) for row in rows]


def _texts(scope: ClinicScope, ids: Sequence[UUID]) -> list[OwnText]:
    message = tables.message
    rows = scope.connection.execute(
        select(message).where(message.c.clinic_id == scope.clinic_id, message.c.id.in_(ids))
    )
    return [
        OwnText(
            row.id, row.direction, scope.vault.open("message.body", row.id, row.body_sealed), row.created_at, row.state
        )
        for row in rows
    ]


def _mark(said: Any) -> bytes:
    return hashlib.sha256(repr(said).encode()).digest()[:MARK_BYTES]
