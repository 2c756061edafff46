"""Read a patient's plan for a person: every text dated, rendered, with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.domain.messages import MessagePack
from recovery_api.domain.protocol import Protocol
from recovery_api.domain.schedule import PlannedReminder, plan_reminders
from recovery_api.domain.wording import key_for
from recovery_api.models import tables
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.find_protocol import pinned_protocol
from recovery_api.services.plan_reminders import circumstances, plan_facts
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.replace_care_plan import running_plan
from recovery_api.services.shown_values import shown_values


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One text of the plan: when it is due, what kind it is, its words, and what became of it so far."""

    due_at: datetime
    kind: str
    text: str
    state: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DatedPlan:
    """The plan of one recovery, in the patient's zone."""

    episode_id: UUID
    protocol: Protocol
    procedure_on: date
    zone: ZoneInfo
    lines: Sequence[PlanLine]


def has_patient(scope: ClinicScope, patient_id: UUID) -> bool:
    """Whether this clinic has such a patient."""
    patient = tables.patient
    chosen = select(patient.c.id).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
    return scope.connection.execute(chosen).first() is not None


def read_plan(scope: ClinicScope, patient_id: UUID, start: date | None, viewer: Actor, now: datetime) -> DatedPlan:
    """What was sent, and what the plan holds up to its end, from `start` on. Raises NotFound. The look is audited."""
    running = running_plan(scope, patient_id)
    if running is None:
        raise NotFound("No recovery of this patient is running.")
    facts = plan_facts(scope, running.episode_id)
    protocol = pinned_protocol(scope, facts.protocol_id, facts.version)
    about, zone = circumstances(scope, facts, now), ZoneInfo(facts.zone)
    first = start or min(now.astimezone(zone).date(), facts.performed_on)
    language = _language(scope, patient_id)
    known = {(row.kind, row.local_on, row.slot): row for row in _rows(scope, running.episode_id, first)}
    texts, values = texts_of(scope), standing_values(scope)
    ahead = plan_reminders(protocol, about, first, facts.ends_on, now)
    new = [one for one in ahead if (one.kind, one.local_on, one.slot) not in known]
    lines = [plan_line(one, texts, language, values) for one in new]
    lines += [_of_row(row, texts, language, values) for row in known.values()]
    record_audit(scope, viewer, "plan.viewed", ("episode", running.episode_id), now, patient_id)
    return DatedPlan(
        running.episode_id, protocol, facts.performed_on, zone, sorted(lines, key=lambda line: (line.due_at, line.kind))
    )


def plan_line(one: PlannedReminder, texts: MessagePack, language: str, values: dict[str, str]) -> PlanLine:
    """A planned reminder with its words."""
    key = key_for(texts, one.text_key, language, one.audience)
    words = texts.render(key, language, values | shown_values(one.values, language))
    return PlanLine(one.due_at, one.kind, words, note=_note(one.audience, one.condition))


def _of_row(row: AnyRow, texts: MessagePack, language: str, values: dict[str, str]) -> PlanLine:
    key = key_for(texts, row.text_key, language, row.audience)
    words = texts.render(key, language, values | shown_values(row.text_values, language))
    state = row.state if row.why is None else f"{row.state}: {row.why}"
    note = _note(row.audience, row.condition, row.text_values.get("because"))
    return PlanLine(row.due_at, row.kind, words, state.replace("_", " "), note)


def _note(audience: str, condition: str | None, because: str | None = None) -> str:
    said = [f"for the {audience}"] if audience != "patient" else []
    said += [f"only if {condition.replace('_', ' ')}"] if condition else []
    said += [because.replace("_", " ")] if because else []
    return ", ".join(said)


def _rows(scope: ClinicScope, episode_id: UUID, first: date) -> Any:
    reminder = tables.reminder
    return scope.connection.execute(
        select(reminder).where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.local_on >= first,
            reminder.c.state != "replaced",
        )
    )


def _language(scope: ClinicScope, patient_id: UUID) -> str:
    patient = tables.patient
    return str(
        scope.connection.execute(
            select(patient.c.language).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
        ).scalar_one()
    )
