"""Read one patient's whole story: flags and their events, the course, the texts, the plan, the phones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.ask_once import ask_once
from recovery_api.services.find_check_in_days import check_in_days_told, own_days_asked
from recovery_api.services.invite_phone import shares_phone
from recovery_api.services.patient_facts import PatientFacts, patients_asked, patients_told
from recovery_api.services.read_answers import Answer, answers_asked, answers_told
from recovery_api.services.read_calls import calls_asked, calls_told, keyed_asked
from recovery_api.services.read_flags import (
    FlagEventFacts,
    FlagFacts,
    FlagQuery,
    flag_events_asked,
    flag_events_told,
    flags_asked,
    flags_told,
)
from recovery_api.services.read_thread import MOST_LINES, Text, in_one_row, texts_told, thread_asked
from recovery_api.services.read_worklist import entry_of, episodes_of
from recovery_api.services.record_audit import Actor, record_audit


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
    is_shared: bool = False


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
    found = ask_once(scope, **_story_asked(scope, patient_id, now))
    patient = next(iter(patients_told(scope, found["patients"])), None)
    if patient is None:
        raise NotFound("There is no such patient.")
    record_audit(scope, viewer, "patient.viewed", ("patient", patient_id), now, patient_id)
    flags = flags_told(scope, found["flags"])
    episodes = [patient.episode_id] if patient.episode_id else []
    days = check_in_days_told(scope, episodes, found["own_days"])
    entry = entry_of(scope, flags, patient, answers_told(found["answers"]), days, now)
    texts, calls = texts_told(scope, found["texts"]), calls_told(found["calls"], found["keyed"])
    return PatientStory(
        patient=patient,
        flags=tuple(flags),
        events=tuple(flag_events_told(scope, found["events"])),
        answers=entry.answers,
        today=entry.today,
        texts=tuple(in_one_row(texts, calls, MOST_LINES)),
        phones=tuple(_phones(scope, found["phones"])),
        plan=tuple(PlannedItem(row.due_at, row.kind, row.text_key) for row in found["plan"]),
        visits=tuple(VisitFacts(row.id, row.starts_at, row.status) for row in found["visits"]),
    )


def _story_asked(scope: ClinicScope, patient_id: UUID, now: datetime) -> dict[str, Select[Any]]:
    """All questions of the story; those about a recovery are about the newest."""
    newest, flag = _newest_episode(scope, patient_id), tables.flag
    raised = select(flag.c.id).where(flag.c.clinic_id == scope.clinic_id, flag.c.patient_id == patient_id)
    return {
        "patients": patients_asked(scope, [patient_id]),
        "flags": flags_asked(scope, FlagQuery(patient_id=patient_id)),
        "events": flag_events_asked(scope, raised),
        "answers": answers_asked(scope, newest),
        "own_days": own_days_asked(scope, newest),
        "texts": thread_asked(scope, patient_id, MOST_LINES),
        "calls": calls_asked(scope, patient_id, MOST_LINES),
        "keyed": keyed_asked(scope, episodes_of(scope, [patient_id])),
        "phones": _phones_asked(scope, patient_id),
        "plan": _plan_asked(scope, newest, now),
        "visits": _visits_asked(scope, newest),
    }


def _newest_episode(scope: ClinicScope, patient_id: UUID) -> Select[tuple[UUID]]:
    episode = tables.episode
    return (
        select(episode.c.id)
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient_id)
        .order_by(episode.c.started_on.desc())
        .limit(1)
    )


def read_phones(scope: ClinicScope, patient_id: UUID) -> list[Phone]:
    """A patient's phones, their own before a caregiver's."""
    return _phones(scope, scope.connection.execute(_phones_asked(scope, patient_id)))


def _phones_asked(scope: ClinicScope, patient_id: UUID) -> Select[Any]:
    point = tables.contact_point
    return (
        select(point, shares_phone(point).label("is_shared"))
        .where(point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id)
        .order_by(point.c.whose.desc(), point.c.created_at)
    )


def _phones(scope: ClinicScope, rows: Iterable[AnyRow]) -> list[Phone]:
    return [
        Phone(
            row.id,
            row.label,
            scope.vault.open("contact_point.phone", row.id, row.phone_sealed),
            row.whose,
            row.state,
            row.takes_link,
            row.channel,
            row.is_shared,
        )
        for row in rows
    ]


def _plan_asked(scope: ClinicScope, episode: Select[tuple[UUID]], now: datetime, most: int = 6) -> Select[Any]:
    reminder = tables.reminder
    return (
        select(reminder.c.due_at, reminder.c.kind, reminder.c.text_key)
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id.in_(episode),
            reminder.c.state == "planned",
            reminder.c.due_at > now,
        )
        .order_by(reminder.c.due_at)
        .limit(most)
    )


def _visits_asked(scope: ClinicScope, episode: Select[tuple[UUID]]) -> Select[Any]:
    visit = tables.appointment
    return (
        select(visit.c.id, visit.c.starts_at, visit.c.status)
        .where(visit.c.clinic_id == scope.clinic_id, visit.c.episode_id.in_(episode))
        .order_by(visit.c.starts_at)
    )
