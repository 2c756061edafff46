"""Read the worklist: who needs somebody, why, since when, with a fortnight of answers beside each."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, func, literal, literal_column, select

from recovery_api.db import ClinicScope
from recovery_api.models import tables
from recovery_api.services.ask_once import ask_once
from recovery_api.services.find_check_in_days import check_in_days_told, own_days_asked
from recovery_api.services.kept_flags import flags_glanced, glances_asked
from recovery_api.services.patient_facts import PatientFacts, patients_asked, patients_told
from recovery_api.services.read_answers import Answer, answers_asked, answers_told, with_gaps
from recovery_api.services.read_counts import waiting_texts
from recovery_api.services.read_flags import FlagFacts, FlagQuery

MOST = 1000  # flags on a worklist


@dataclass(frozen=True, slots=True)
class WorklistEntry:
    """One patient: the flags that nobody has taken first, the worst of them leading."""

    flags: tuple[FlagFacts, ...]
    patient: PatientFacts | None
    answers: tuple[Answer, ...]
    today: int


@dataclass(frozen=True, slots=True)
class Worklist:
    """The whole list without the people, and what stands around it.

    `marks` changes for a patient with every check-in, correction and change of the patient; flags have their versions.
    """

    entries: tuple[WorklistEntry, ...]
    resolved_today: tuple[WorklistEntry, ...]
    marks: Mapping[UUID, tuple[str, int]]
    total_patients: int
    inbox: int
    last_reply_at: datetime | None

    @property
    def open_count(self) -> int:
        """How many patients, and unknown senders, need somebody."""
        return len(self.entries)


def read_worklist(scope: ClinicScope, now: datetime, total_patients: int | None = None) -> Worklist:
    """Every open flag by patient, and what was resolved since the clinic's midnight; `with_people` adds the rest.

    The patients are counted unless the caller has just done so: nothing else here grows with a clinic.
    """
    midnight = now.astimezone(scope.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    glances = glances_asked(scope, FlagQuery(live_since=midnight, limit=MOST))
    found = ask_once(scope, glances=glances, marks=_marks(scope, glances, now), counts=_counts(scope, total_patients))
    live, counts = flags_glanced(scope, found["glances"]), found["counts"][0]
    return Worklist(
        entries=entries_of(scope, [flag for flag in live if flag.status != "resolved"], {}, {}, {}, now),
        resolved_today=entries_of(scope, [flag for flag in live if flag.status == "resolved"], {}, {}, {}, now),
        marks={row.id: (row.row_version, row.check_ins) for row in found["marks"]},
        total_patients=counts.patients,
        inbox=counts.inbox,
        last_reply_at=counts.last_at,
    )


def with_people(scope: ClinicScope, entries: Sequence[WorklistEntry], now: datetime) -> list[WorklistEntry]:
    """The same entries with their patients and a fortnight of answers, in one statement."""
    named = {flag.patient_id for entry in entries for flag in entry.flags if flag.patient_id}
    if not named:
        return list(entries)
    recoveries = episodes_of(scope, named)
    found = ask_once(
        scope,
        patients=patients_asked(scope, list(named)),
        own=own_days_asked(scope, recoveries),
        answers=answers_asked(scope, recoveries, _fortnight(scope, now)),
    )
    patients = {patient.id: patient for patient in patients_told(scope, found["patients"])}
    episodes = [patient.episode_id for patient in patients.values() if patient.episode_id]
    answers, asked = answers_told(found["answers"]), check_in_days_told(scope, episodes, found["own"])
    return [
        entry_of(scope, entry.flags, patients.get(patient_id) if patient_id else None, answers, asked, now)
        for entry in entries
        for patient_id in (entry.flags[0].patient_id,)
    ]


def _fortnight(scope: ClinicScope, now: datetime) -> date:
    return now.astimezone(scope.zone).date() - timedelta(days=15)


def _marks(scope: ClinicScope, glances: Select[Any], now: datetime) -> Select[Any]:
    """For the patients of some flags: the version of their row, and how many versions of check-ins a fortnight has."""
    patient, episode, check_in = tables.patient, tables.episode, tables.check_in
    recoveries = select(episode.c.id).where(
        episode.c.clinic_id == scope.clinic_id, episode.c.patient_id == patient.c.id
    )
    check_ins = (
        select(func.count())
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            check_in.c.episode_id.in_(recoveries.correlate(patient)),
            check_in.c.recorded_at >= now - timedelta(days=16),
        )
        .correlate(patient)
        .scalar_subquery()
    )
    version = literal_column("patient.xmin::text", Text())
    named = glances.with_only_columns(tables.flag.c.patient_id)
    return select(patient.c.id, version.label("row_version"), check_ins.label("check_ins")).where(
        patient.c.clinic_id == scope.clinic_id, patient.c.id.in_(named)
    )


def episodes_of(scope: ClinicScope, patient_ids: Collection[UUID]) -> Select[tuple[UUID]]:
    """Every recovery of some patients, as a part of a larger statement."""
    episode = tables.episode
    return select(episode.c.id).where(episode.c.clinic_id == scope.clinic_id, episode.c.patient_id.in_(patient_ids))


def entries_of(
    scope: ClinicScope,
    flags: Sequence[FlagFacts],
    patients: dict[UUID, PatientFacts],
    answers: dict[UUID, list[Answer]],
    asked: Mapping[UUID, frozenset[int]],
    now: datetime,
) -> tuple[WorklistEntry, ...]:
    """One entry a patient, what nobody has taken first, then by tier; a flag without a patient stands alone."""
    grouped: dict[UUID, list[FlagFacts]] = defaultdict(list)
    for flag in flags:
        grouped[flag.patient_id or flag.id].append(flag)
    entries = []
    for mine in grouped.values():
        mine.sort(key=lambda flag: (flag.status != "open", flag.tier.rank, flag.waiting_since))
        patient = patients.get(mine[0].patient_id) if mine[0].patient_id else None
        entries.append(entry_of(scope, mine, patient, answers, asked, now))
    return tuple(entries)


def entry_of(
    scope: ClinicScope,
    flags: Sequence[FlagFacts],
    patient: PatientFacts | None,
    answers: dict[UUID, list[Answer]],
    asked: Mapping[UUID, frozenset[int]],
    now: datetime,
) -> WorklistEntry:
    """A patient's flags with the answers of the days that were asked about."""
    if patient is None or patient.performed_on is None or patient.episode_id is None:
        return WorklistEntry(tuple(flags), patient, (), 0)
    today = (now.astimezone(scope.zone).date() - patient.performed_on).days
    known, days = answers.get(patient.episode_id, []), asked.get(patient.episode_id, frozenset())
    since = _asked_since(scope, flags, patient) if not known else None
    return WorklistEntry(tuple(flags), patient, with_gaps(known, days, patient.performed_on, today, since), today)


def _asked_since(scope: ClinicScope, flags: Sequence[FlagFacts], patient: PatientFacts) -> int | None:
    """The day after enrolment, of one whose silence was flagged: without that nobody knows whether a question came."""
    if patient.performed_on is None or not any(flag.family == "silence" for flag in flags):
        return None
    return (patient.created_at.astimezone(scope.zone).date() - patient.performed_on).days + 1


def _counts(scope: ClinicScope, total_patients: int | None) -> Select[Any]:
    """Active patients, messages that wait for a person, and when the last text came: ids lie in the order of time."""
    patient, message = tables.patient, tables.message
    last = (
        select(message.c.created_at)
        .where(message.c.clinic_id == scope.clinic_id, message.c.direction == "in")
        .order_by(message.c.id.desc())
        .limit(1)
    )
    active = select(func.count()).where(
        patient.c.clinic_id == scope.clinic_id, patient.c.status == "active", ~patient.c.is_synthetic
    )
    return select(
        (active.scalar_subquery() if total_patients is None else literal(total_patients)).label("patients"),
        waiting_texts(scope.clinic_id).label("inbox"),
        last.scalar_subquery().label("last_at"),
    )
