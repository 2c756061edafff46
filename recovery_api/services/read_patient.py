"""Read one patient's whole story: flags and their events, the course, the texts, the plan, the phones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.domain.wording import without_link
from recovery_api.models import tables
from recovery_api.services.find_check_in_days import find_check_in_days
from recovery_api.services.read_calls import Call, read_calls
from recovery_api.services.read_flags import (
    FlagEventFacts,
    FlagFacts,
    FlagQuery,
    PatientFacts,
    read_flag_events,
    read_flags,
    read_patients,
)
from recovery_api.services.read_worklist import Answer, entry_of, read_answers
from recovery_api.services.record_audit import Actor, record_audit


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


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone of a patient."""

    id: UUID
    label: str
    number: str
    whose: str
    state: str
    web_check_in: bool = False
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One reminder that is still to come."""

    due_at: datetime
    kind: str
    text_key: str


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """One follow-up visit."""

    id: UUID
    starts_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class PatientStory:
    """Everything that the patient's page shows."""

    patient: PatientFacts
    flags: tuple[FlagFacts, ...]
    events: tuple[FlagEventFacts, ...]
    answers: tuple[Answer, ...]
    today: int
    texts: tuple[Text, ...]
    phones: tuple[Phone, ...]
    plan: tuple[PlannedItem, ...]
    visits: tuple[VisitFacts, ...]


def read_patient(scope: ClinicScope, patient_id: UUID, viewer: Actor, now: datetime) -> PatientStory:
    """One patient's story; the look itself is written to the audit. Raises NotFound."""
    found = read_patients(scope, [patient_id])
    if not found:
        raise NotFound("There is no such patient.")
    patient = found[0]
    record_audit(scope, viewer, "patient.viewed", ("patient", patient_id), now, patient_id)
    flags = read_flags(scope, FlagQuery(patient_id=patient_id))
    episodes = [patient.episode_id] if patient.episode_id else []
    answers, asked = read_answers(scope, episodes), find_check_in_days(scope, episodes)
    entry = entry_of(scope, flags, patient, answers, asked, now)
    return PatientStory(
        patient=patient,
        flags=tuple(flags),
        events=tuple(read_flag_events(scope, [flag.id for flag in flags])),
        answers=entry.answers,
        today=entry.today,
        texts=tuple(read_conversation(scope, patient_id)),
        phones=tuple(read_phones(scope, patient_id)),
        plan=tuple(_plan(scope, patient.episode_id, now)),
        visits=tuple(_visits(scope, patient.episode_id)),
    )


def read_thread(
    scope: ClinicScope, patient_id: UUID, most: int = 100, before: tuple[datetime, UUID] | None = None
) -> list[Text]:
    """A patient's texts, oldest first, the newest `most` of them, or the newest before one of them."""
    scope.flush()
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
    rows = scope.connection.execute(statement).all()
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
        )
        for row in reversed(rows)
    ]


def read_conversation(
    scope: ClinicScope, patient_id: UUID, most: int = 100, before: tuple[datetime, UUID] | None = None
) -> list[Text]:
    """A patient's texts and calls in one row, oldest first: the newest `most`, or the newest before one of them."""
    calls = [_as_line(call) for call in read_calls(scope, patient_id, most, before)]
    texts = read_thread(scope, patient_id, most, before)
    return sorted((*texts, *calls), key=lambda one: (one.at, one.id))[-most:]


def _as_line(call: Call) -> Text:
    return Text(
        call.id, call.direction, "", call.at, call.state, None, call.error_code, None, None, False, "voice", call
    )  # fmt: skip


def read_phones(scope: ClinicScope, patient_id: UUID) -> list[Phone]:
    """A patient's phones, their own before a caregiver's."""
    point = tables.contact_point
    rows = scope.connection.execute(
        select(point)
        .where(point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id)
        .order_by(point.c.whose.desc(), point.c.created_at)
    )
    return [
        Phone(
            row.id,
            row.label,
            scope.vault.open("contact_point.phone", row.id, row.phone_sealed),
            row.whose,
            row.state,
            row.takes_link,
            row.channel,
        )
        for row in rows
    ]


def _plan(scope: ClinicScope, episode_id: UUID | None, now: datetime, most: int = 6) -> list[PlannedItem]:
    reminder = tables.reminder
    rows = scope.connection.execute(
        select(reminder.c.due_at, reminder.c.kind, reminder.c.text_key)
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.state == "planned",
            reminder.c.due_at > now,
        )
        .order_by(reminder.c.due_at)
        .limit(most)
    )
    return [PlannedItem(row.due_at, row.kind, row.text_key) for row in rows]


def _visits(scope: ClinicScope, episode_id: UUID | None) -> list[VisitFacts]:
    visit = tables.appointment
    rows = scope.connection.execute(
        select(visit.c.id, visit.c.starts_at, visit.c.status)
        .where(visit.c.clinic_id == scope.clinic_id, visit.c.episode_id == episode_id)
        .order_by(visit.c.starts_at)
    )
    return [VisitFacts(row.id, row.starts_at, row.status) for row in rows]
