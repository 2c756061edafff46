"""Read the worklist: who needs somebody, why, since when, with a fortnight of answers beside each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import check_in_days
from recovery_api.services.read_flags import FlagFacts, FlagQuery, PatientFacts, read_flags, read_patients

OPEN = ("open", "acknowledged", "snoozed")


@dataclass(frozen=True, slots=True)
class Answer:
    """One local day of an episode: its answer, or None where a question found none."""

    day: int
    on: date
    pain: int | None
    activity: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class WorklistEntry:
    """One patient: the flags that nobody has taken first, the worst of them leading."""

    flags: tuple[FlagFacts, ...]
    patient: PatientFacts | None
    answers: tuple[Answer, ...]
    today: int


@dataclass(frozen=True, slots=True)
class Worklist:
    """The whole list, and what stands around it."""

    entries: tuple[WorklistEntry, ...]
    resolved_today: tuple[WorklistEntry, ...]
    total_patients: int
    inbox: int
    last_reply_at: datetime | None


def read_worklist(scope: ClinicScope, now: datetime) -> Worklist:
    """Every open flag by patient, and what was resolved since the clinic's midnight."""
    midnight = now.astimezone(scope.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    flags = read_flags(scope, FlagQuery(status=OPEN))
    resolved = read_flags(scope, FlagQuery(status=("resolved",), resolved_since=midnight))
    named = {flag.patient_id for flag in [*flags, *resolved] if flag.patient_id}
    patients = {patient.id: patient for patient in read_patients(scope, list(named))} if named else {}
    since = now.astimezone(scope.zone).date() - timedelta(days=15)
    episodes = [patient.episode_id for patient in patients.values() if patient.episode_id]
    answers = read_answers(scope, episodes, since)
    counts = _counts(scope)
    return Worklist(
        entries=_entries(scope, flags, patients, answers, now),
        resolved_today=_entries(scope, resolved, patients, answers, now),
        total_patients=counts[0],
        inbox=counts[1],
        last_reply_at=counts[2],
    )


def _entries(
    scope: ClinicScope,
    flags: Sequence[FlagFacts],
    patients: dict[UUID, PatientFacts],
    answers: dict[UUID, list[Answer]],
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
        entries.append(entry_of(scope, mine, patient, answers, now))
    return tuple(entries)


def entry_of(
    scope: ClinicScope,
    flags: Sequence[FlagFacts],
    patient: PatientFacts | None,
    answers: dict[UUID, list[Answer]],
    now: datetime,
) -> WorklistEntry:
    """A patient's flags with the answers of the days that were asked about."""
    if patient is None or patient.performed_on is None or patient.episode_id is None:
        return WorklistEntry(tuple(flags), patient, (), 0)
    today = (now.astimezone(scope.zone).date() - patient.performed_on).days
    known = answers.get(patient.episode_id, [])
    return WorklistEntry(tuple(flags), patient, with_gaps(known, patient.performed_on, today), today)


def with_gaps(answers: Sequence[Answer], performed_on: date, today: int) -> tuple[Answer, ...]:
    """The answers, and an empty one for every day since the first on which a question found none."""
    by_day = {answer.day: answer for answer in answers}
    if not by_day:
        return ()
    asked = (day for day in check_in_days() if min(by_day) < day < today)
    gaps = [Answer(day, performed_on + timedelta(days=day), None) for day in asked if day not in by_day]
    return tuple(sorted([*by_day.values(), *gaps], key=lambda answer: answer.day))


def read_answers(
    scope: ClinicScope, episode_ids: Sequence[UUID], since: date | None = None
) -> dict[UUID, list[Answer]]:
    """The last pain score of each local day by episode, from a day on."""
    if not episode_ids:
        return {}
    check_in = tables.check_in
    statement = (
        select(
            check_in.c.episode_id,
            check_in.c.id,
            check_in.c.local_on,
            check_in.c.day,
            check_in.c.pain,
            check_in.c.activity_level,
            check_in.c.symptoms,
        )
        .where(check_in.c.clinic_id == scope.clinic_id, check_in.c.episode_id.in_(episode_ids))
        .order_by(check_in.c.recorded_at, check_in.c.version)
    )
    if since is not None:
        statement = statement.where(check_in.c.local_on >= since)
    latest = {(row.episode_id, row.id): row for row in scope.connection.execute(statement)}
    days: dict[UUID, dict[int, Answer]] = defaultdict(dict)
    for row in latest.values():
        days[row.episode_id][row.day] = _with(days[row.episode_id].get(row.day), row)
    return {episode_id: list(by_day.values()) for episode_id, by_day in days.items()}


def _with(before: Answer | None, row: AnyRow) -> Answer:
    """A day's answer once one more check-in of the same day is added: the last score, every symptom."""
    said = [before.note] if before and before.note else []
    said += [
        code.replace("_", " ") for code in row.symptoms if before is None or code.replace("_", " ") not in before.note
    ]
    return Answer(
        day=row.day,
        on=row.local_on,
        pain=row.pain if row.pain is not None else (before.pain if before else None),
        activity=row.activity_level or (before.activity if before else None),
        note=", ".join(said),
    )


def _counts(scope: ClinicScope) -> tuple[int, int, datetime | None]:
    """Active patients, messages that wait for a person, and when the last text came."""
    patient, message = tables.patient, tables.message
    row = scope.connection.execute(
        select(
            select(func.count())
            .where(
                patient.c.clinic_id == scope.clinic_id, patient.c.status == "active", patient.c.is_synthetic.is_(False)
            )
            .scalar_subquery(),
            select(func.count())
            .where(message.c.clinic_id == scope.clinic_id, message.c.needs_person, message.c.handled_at.is_(None))
            .scalar_subquery(),
            select(func.max(message.c.created_at))
            .where(message.c.clinic_id == scope.clinic_id, message.c.direction == "in")
            .scalar_subquery(),
        )
    ).one()
    return row[0], row[1], row[2]
