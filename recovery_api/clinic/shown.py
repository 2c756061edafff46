"""From what the services read to what the pages show."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from recovery_api.clinic import words
from recovery_api.clinic.courses import SPARK_DAYS, BandDay, Course, CourseFlag, CoursePoint
from recovery_api.clinic.flags import FlagBox, WorklistRow
from recovery_api.clinic.frame import StoryLine, Waiting
from recovery_api.clinic.story import told_by
from recovery_api.domain.page_code import page_code
from recovery_api.domain.trajectory import expected_band
from recovery_api.services.read_flags import FlagEventFacts, FlagFacts, PatientFacts
from recovery_api.services.read_worklist import Answer, WorklistEntry
from recovery_api.services.watch_replies import RULE as CLINIC_SILENCE

SEXES = {"female": "F", "male": "M", "other": "X", "unknown": ""}
THRESHOLD = 7


def course_of(
    patient: PatientFacts | None,
    answers: Sequence[Answer],
    today: int,
    flags: Sequence[FlagFacts] = (),
    only_lately: bool = False,
) -> Course:
    """The course of one recovery, ready to be drawn; `only_lately` is its last fortnight."""
    if patient is None or patient.performed_on is None:
        return Course(today=today)
    first = max(0, today - SPARK_DAYS) if only_lately else 0
    last = today if only_lately else max(today, 14)
    return Course(
        today=today,
        points=tuple(CoursePoint(a.day, a.pain, a.on, a.activity, a.note) for a in answers if a.day <= today),
        band=tuple(BandDay(day, *expected_band(day, patient.baseline_pain)) for day in range(first, last + 1)),
        baseline=patient.baseline_pain,
        threshold=THRESHOLD,
        threshold_label=f"{THRESHOLD}: clinic review",
        flags=tuple(_mark(patient, flag) for flag in flags),
    )


def _mark(patient: PatientFacts, flag: FlagFacts) -> CourseFlag:
    day = (flag.opened_at.date() - patient.performed_on).days if patient.performed_on else 0
    return CourseFlag(day, words.group_of(flag.tier, flag.family), flag.reason)


def waiting_of(flag: FlagFacts, now: datetime) -> Waiting:
    """How long a flag has waited since it last called, until somebody closed it."""
    end = flag.resolved_at or now
    target = max(0.0, (flag.respond_by - flag.waiting_since).total_seconds() / 60)
    return Waiting((end - flag.waiting_since).total_seconds() / 60, round(target))


def row_of(entry: WorklistEntry, me: UUID, now: datetime) -> WorklistRow:
    """One patient's row with the worst of their flags."""
    flag, patient = entry.flags[0], entry.patient
    name = f"{patient.family_name}, {patient.given_name}" if patient else _without_patient(flag)
    return WorklistRow(
        flag_id=str(flag.id),
        flag_version=flag.version,
        tier=flag.tier,
        family=flag.family,
        status=flag.status,
        why=flag.reason,
        waiting=waiting_of(flag, now),
        quote=flag.quote or "",
        quote_language=patient.language if patient else "",
        owner=flag.owner if flag.status in ("acknowledged", "resolved") else "",
        is_mine=flag.owner_id == me,
        snoozed_until=flag.snoozed_until,
        outcome=OUTCOME_WORDS.get(flag.outcome or "", ""),
        patient_id=str(patient.id) if patient else "",
        patient_name=name,
        course=course_of(patient, entry.answers, entry.today, only_lately=True),
        sex=SEXES[patient.sex] if patient else "",
        age=words.age_on(patient.born_on, now.date()) if patient else None,
        levels=", ".join(patient.levels) if patient else "",
        language=patient.language if patient else "en",
        more_count=len(entry.flags) - 1,
    )


def _without_patient(flag: FlagFacts) -> str:
    return "All patients" if flag.rule == CLINIC_SILENCE else f"Unknown sender {page_code(flag.id, flag.climb)}"


def box_of(flag: FlagFacts, events: Iterable[FlagEventFacts], me: UUID, now: datetime, language: str) -> FlagBox:
    """One flag in full on the patient's page."""
    paged = sum(1 for event in events if event.flag_id == flag.id and event.kind == "paged")
    return FlagBox(
        flag_id=str(flag.id),
        flag_version=flag.version,
        tier=flag.tier,
        family=flag.family,
        status=flag.status,
        why=flag.reason,
        waiting=waiting_of(flag, now),
        quote=flag.quote or "",
        quote_language=language,
        owner=flag.owner if flag.status in ("acknowledged", "resolved") else "",
        is_mine=flag.owner_id == me,
        snoozed_until=flag.snoozed_until,
        outcome=OUTCOME_WORDS.get(flag.outcome or "", ""),
        evidence=f"rule {flag.rule}, version {flag.rule_version}{_first_opened(flag, now)}",
        told="" if not paged else "on-call paged" if paged == 1 else f"on-call paged {paged} times",
        can_snooze=flag.tier != "emergency" and flag.status != "resolved",
    )


def _first_opened(flag: FlagFacts, now: datetime) -> str:
    """When it first opened, where its waiting counts from a later moment."""
    if flag.waiting_since <= flag.opened_at:
        return ""
    return f"; first opened {words.duration((now - flag.opened_at).total_seconds() / 60)} ago"


OUTCOME_WORDS = {
    "advised": "Called, advised at home",
    "visit_booked": "Visit booked",
    "imaging": "Imaging ordered",
    "sent_to_emergency": "Sent to the emergency department",
    "new_fracture": "New fracture found",
    "could_not_reach": "Could not reach",
    "false_alarm": "False alarm",
    "other": "Something else",
}


def story_of(events: Sequence[FlagEventFacts]) -> tuple[StoryLine, ...]:
    """What happened to the flags, as sentences."""
    return tuple(StoryLine(event.at, told_by(event)) for event in events)
