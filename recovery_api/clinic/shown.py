"""From what the services read to what the pages show."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery_api.clinic import words
from recovery_api.clinic.courses import SPARK_DAYS, BandDay, Course, CourseFlag, CoursePoint
from recovery_api.clinic.flags import FlagBox, WorklistRow
from recovery_api.clinic.frame import StoryLine, Waiting
from recovery_api.clinic.retold import retold
from recovery_api.clinic.story import PAGES, outcome_word, told_by
from recovery_api.clinic.tongue import gettext as _
from recovery_api.domain.check_in import local_day
from recovery_api.domain.page_code import page_code
from recovery_api.domain.recovery_band import PUBLISHED, RecoveryBand, published
from recovery_api.services.answer_flags import UNDO
from recovery_api.services.patient_facts import PatientFacts
from recovery_api.services.read_answers import Answer
from recovery_api.services.read_flags import FlagEventFacts, FlagFacts
from recovery_api.services.read_worklist import WorklistEntry
from recovery_api.services.watch_replies import RULE as CLINIC_SILENCE

SEXES = {"female": "F", "male": "M", "other": "X", "unknown": ""}
THRESHOLD = 7
Bands = Callable[[int], RecoveryBand]  # the expected band up to a day since the procedure


def course_of(
    patient: PatientFacts | None,
    answers: Sequence[Answer],
    today: int,
    flags: Sequence[FlagFacts] = (),
    only_lately: bool = False,
    band: RecoveryBand = PUBLISHED,
) -> Course:
    """The course of one recovery, ready to be drawn; `only_lately` is its last fortnight."""
    if patient is None or patient.performed_on is None:
        return Course(today=today)
    first = max(0, today - SPARK_DAYS) if only_lately else 0
    last = today if only_lately else max(today, 14)
    return Course(
        today=today,
        points=tuple(_point(answer) for answer in answers if answer.day <= today),
        band=tuple(BandDay(day, *band.edges(day, patient.baseline_pain)) for day in range(first, last + 1)),
        band_source=retold(band.source),
        baseline=patient.baseline_pain,
        threshold=THRESHOLD,
        threshold_label=_("%(pain)s: clinic review", pain=THRESHOLD),
        flags=tuple(_mark(patient, flag) for flag in flags),
    )


def _point(answer: Answer) -> CoursePoint:
    known = str(answer.check_in_id) if answer.check_in_id else ""
    return CoursePoint(answer.day, answer.pain, answer.on, answer.activity, _symptoms(answer.note), answer.pills, known)


def _symptoms(note: str) -> str:
    return ", ".join(map(retold, note.split(", ")))


def _mark(patient: PatientFacts, flag: FlagFacts) -> CourseFlag:
    opened_on = local_day(flag.opened_at, ZoneInfo(patient.zone))
    day = (opened_on - patient.performed_on).days if patient.performed_on else 0
    return CourseFlag(day, words.group_of(flag.tier, flag.family), retold(flag.reason))


def waiting_of(flag: FlagFacts, now: datetime) -> Waiting:
    """How long a flag has waited since it last called, until somebody closed it."""
    end = flag.resolved_at or now
    target = max(0.0, (flag.respond_by - flag.waiting_since).total_seconds() / 60)
    return Waiting((end - flag.waiting_since).total_seconds() / 60, round(target))


def row_of(entry: WorklistEntry, me: UUID, now: datetime, bands: Bands = published) -> WorklistRow:
    """One patient's row with the worst of their flags, its small chart with the same band as the large one."""
    flag, patient = entry.flags[0], entry.patient
    name = f"{patient.family_name}, {patient.given_name}" if patient else _without_patient(flag)
    return WorklistRow(
        flag_id=str(flag.id),
        flag_version=flag.version,
        tier=flag.tier,
        family=flag.family,
        status=flag.status,
        why=retold(flag.reason),
        waiting=waiting_of(flag, now),
        quote=flag.quote or "",
        quote_language=patient.language if patient else "",
        owner=owner_of(flag),
        is_mine=flag.owner_id == me,
        snoozed_until=flag.snoozed_until,
        outcome=outcome_word(flag.outcome),
        patient_id=str(patient.id) if patient else "",
        patient_name=name,
        course=course_of(patient, entry.answers, entry.today, only_lately=True, band=bands(entry.today)),
        sex=SEXES[patient.sex] if patient else "",
        age=words.age_on(patient.born_on, now.date()) if patient else None,
        levels=", ".join(patient.levels) if patient else "",
        language=patient.language if patient else "en",
        more_count=len(entry.flags) - 1,
    )


def _without_patient(flag: FlagFacts) -> str:
    if flag.rule == CLINIC_SILENCE:
        return _("All patients")
    return _("Unknown sender %(code)s", code=page_code(flag.id, flag.climb))


def queue_of(entries: Iterable[WorklistEntry], me: UUID, now: datetime, bands: Bands = published) -> list[WorklistRow]:
    """The rows in the order of the worklist."""
    return [row_of(entry, me, now, bands) for entry in in_order(entries, now)]


def in_order(entries: Iterable[WorklistEntry], now: datetime) -> list[WorklistEntry]:
    """In the order of the worklist: by group, then those whom nobody owns, then the longest waiting."""
    groups = {group: place for place, group in enumerate(words.Group)}

    def place(entry: WorklistEntry) -> tuple[int, bool, timedelta]:
        flag = entry.flags[0]
        group = words.group_of(flag.tier, flag.family)
        return groups[group], bool(owner_of(flag)), flag.waiting_since - (flag.resolved_at or now)

    return sorted(entries, key=place)


def owner_of(flag: FlagFacts) -> str:
    """Who has taken or closed a flag; nobody while it is open, or asleep."""
    return flag.owner if flag.status in ("acknowledged", "resolved") else ""


def box_of(flag: FlagFacts, events: Iterable[FlagEventFacts], me: UUID, now: datetime, language: str) -> FlagBox:
    """One flag in full on the patient's page."""
    mine = (event for event in events if event.flag_id == flag.id and event.kind == "paged")
    paged = sum(1 for event in mine if not event.detail.get("waits"))
    return FlagBox(
        flag_id=str(flag.id),
        flag_version=flag.version,
        tier=flag.tier,
        family=flag.family,
        status=flag.status,
        why=retold(flag.reason),
        waiting=waiting_of(flag, now),
        quote=flag.quote or "",
        quote_language=language,
        owner=owner_of(flag),
        is_mine=flag.owner_id == me,
        snoozed_until=flag.snoozed_until,
        outcome=outcome_word(flag.outcome),
        evidence=_("rule %(rule)s, version %(version)s", rule=flag.rule, version=flag.rule_version)
        + _first_opened(flag, now),
        told=_told(paged),
        undo_until=flag.acknowledged_at + UNDO if flag.acknowledged_at and flag.owner_id == me else None,
        can_snooze=flag.tier != "emergency" and flag.status != "resolved",
    )


def _told(paged: int) -> str:
    if not paged:
        return ""
    return _("somebody was paged") if paged == 1 else _("people were paged %(times)s times", times=paged)


def _first_opened(flag: FlagFacts, now: datetime) -> str:
    """When it first opened, where its waiting counts from a later moment."""
    if flag.waiting_since <= flag.opened_at:
        return ""
    return "; " + _("first opened %(time)s ago", time=words.duration((now - flag.opened_at).total_seconds() / 60))


def story_of(
    events: Sequence[FlagEventFacts], names: Mapping[str, str] = MappingProxyType({})
) -> tuple[StoryLine, ...]:
    """What happened to the flags, as sentences; pages that would read the same within a minute are said once."""
    said: dict[object, StoryLine] = {}
    for place, event in enumerate(events):
        line = StoryLine(event.at, told_by(event, names))
        is_page = event.kind in PAGES
        said.setdefault((line.sentence, line.at.replace(second=0, microsecond=0)) if is_page else place, line)
    return tuple(said.values())
