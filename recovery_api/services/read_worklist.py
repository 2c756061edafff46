"""Read the worklist: who needs somebody, why, since when, with a fortnight of answers beside each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.find_check_in_days import find_check_in_days
from recovery_api.services.read_counts import read_counts, waiting_texts
from recovery_api.services.read_flags import FlagFacts, FlagQuery, PatientFacts, read_flags, read_patients

OPEN = ("open", "acknowledged", "snoozed")
MOST = 1000  # flags on a worklist


@dataclass(frozen=True, slots=True)
class Answer:
    """One local day of an episode: its answer, or None where a question found none."""

    day: int
    on: date
    pain: int | None
    activity: str | None = None
    note: str = ""
    pills: int | None = None
    check_in_id: UUID | None = None


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

    @property
    def open_count(self) -> int:
        """How many patients, and unknown senders, need somebody."""
        return len(self.entries)


def read_worklist(scope: ClinicScope, now: datetime) -> Worklist:
    """Every open flag by patient, and what was resolved since the clinic's midnight."""
    midnight = now.astimezone(scope.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    live = read_flags(scope, FlagQuery(live_since=midnight, limit=MOST))
    flags = [flag for flag in live if flag.status != "resolved"]
    resolved = [flag for flag in live if flag.status == "resolved"]
    named = {flag.patient_id for flag in [*flags, *resolved] if flag.patient_id}
    patients = {patient.id: patient for patient in read_patients(scope, list(named))} if named else {}
    since = now.astimezone(scope.zone).date() - timedelta(days=15)
    episodes = [patient.episode_id for patient in patients.values() if patient.episode_id]
    answers, asked = read_answers(scope, episodes, since), find_check_in_days(scope, episodes)
    counts = _counts(scope)
    return Worklist(
        entries=_entries(scope, flags, patients, answers, asked, now),
        resolved_today=_entries(scope, resolved, patients, answers, asked, now),
        total_patients=counts[0],
        inbox=counts[1],
        last_reply_at=counts[2],
    )


def read_queue(scope: ClinicScope, now: datetime) -> Worklist:
    """Who needs somebody, in order and by name, without their answers: for the place of one patient among them."""
    flags = read_flags(scope, FlagQuery(status=OPEN))
    named = {flag.patient_id for flag in flags if flag.patient_id}
    patients = {patient.id: patient for patient in read_patients(scope, list(named))} if named else {}
    counts = read_counts(scope)
    return Worklist(_entries(scope, flags, patients, {}, {}, now), (), 0, counts.inbox, None)


def _entries(
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
    return WorklistEntry(tuple(flags), patient, with_gaps(known, days, patient.performed_on, today), today)


def with_gaps(answers: Sequence[Answer], days: frozenset[int], performed_on: date, today: int) -> tuple[Answer, ...]:
    """The answers, and an empty one for each of the `days` since the first on which a question found none."""
    by_day = {answer.day: answer for answer in answers}
    if not by_day:
        return ()
    unanswered = (day for day in days if min(by_day) < day < today and day not in by_day)
    gaps = [Answer(day, performed_on + timedelta(days=day), None) for day in unanswered]
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
            check_in.c.pills_otc,
            check_in.c.pills_prescribed,
            check_in.c.pills_total,
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
        pills=_first_known(_pills(row), before.pills if before else None),
        check_in_id=row.id if before is None or row.pain is not None else before.check_in_id,
    )


def _pills(row: AnyRow) -> int | None:
    """Every pill of a report, as one number; None where it told of none."""
    kinds = [number for number in (row.pills_otc, row.pills_prescribed) if number is not None]
    total: int | None = sum(kinds) if kinds else row.pills_total
    return total


def _first_known(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)


def _counts(scope: ClinicScope) -> tuple[int, int, datetime | None]:
    """Active patients, messages that wait for a person, and when the last text came: ids lie in the order of time."""
    patient, message = tables.patient, tables.message
    last = (
        select(message.c.created_at)
        .where(message.c.clinic_id == scope.clinic_id, message.c.direction == "in")
        .order_by(message.c.id.desc())
        .limit(1)
    )
    row = scope.connection.execute(
        select(
            select(func.count())
            .where(patient.c.clinic_id == scope.clinic_id, patient.c.status == "active", ~patient.c.is_synthetic)
            .scalar_subquery(),
            waiting_texts(scope),
            last.scalar_subquery(),
        )
    ).one()
    return row[0], row[1], row[2]
