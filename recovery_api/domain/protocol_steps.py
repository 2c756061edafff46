"""One step of a protocol: which text, on which days, for whom, under which condition and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from recovery_api.domain.local_time import CLOSES, OPENS
from recovery_api.domain.pack_section import Section

# the first comes first where a day would hold too much
KINDS = (
    "check_in", "follow_up_visit", "medication", "preparation", "questionnaire", "rest", "posture", "activity",
)  # fmt: skip
QUESTIONS = ("pain", "symptoms", "activity", "medication", "appointment", "thinner")
AUDIENCES = ("patient", "caregiver")  # whose phone is preferred; where there is none, the other's
NOT_TOLD_YET = "not_told_yet"  # a text that was missed, as by whoever came late, is told after all
THINNER_OPEN = "thinner_open"  # whether the blood thinner was started again is not known yet
NO_THINNER_DAY = "no_thinner_day"  # a day to start it again is not known: judged when the plan is made
# judged when the text falls due, but for the last
CONDITIONS = ("baseline_missing", "form_due", "no_visit_ahead", NOT_TOLD_YET, THINNER_OPEN, NO_THINNER_DAY)
FIRST_DAY, LAST_DAY = -30, 365
_LONGEST_HOURS = 11


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the protocol: a text on some days since the procedure or the consultation, or before each visit."""

    id: str
    kind: str
    text_key: str
    question: str | None  # the question that the text leaves open
    days: tuple[int, ...]  # since the procedure, rising; empty for the other kinds of steps
    days_before_visit: int | None
    at: time | None  # the patient's local time; None for the hour the patient prefers
    slot: str  # tells apart two steps of a kind on one day
    days_after_consultation: int | None = None
    until_day: int = LAST_DAY  # a step after the consultation comes no later than this day
    audience: str = "patient"
    condition: str | None = None
    lasts: timedelta | None = None  # how long the text is of use; None for the rest of the day's hours
    uses: tuple[str, ...] = ()  # variables that the text needs
    names_procedure: bool = False  # the text needs the day of the procedure
    days_after_thinner: int | None = None  # since the day on which a blood thinner is to be started again


def read_step(file: str, number: int, content: object) -> Step:
    """The step of one item of a pack. Raises PackError."""
    step_id = Section(file, f"step {number}", content).text("id")
    section = Section(file, f"step {step_id}", content)
    after = section.has("days_after_consultation")
    step = Step(
        id=section.text("id"),
        kind=section.choice("kind", KINDS),
        text_key=section.text("text"),
        question=section.choice("question", QUESTIONS) if section.has("question") else None,
        days=_days(section) if section.has("days") else (),
        days_before_visit=section.whole("days_before_visit", 1, 30) if section.has("days_before_visit") else None,
        at=local_time(section, "at") if section.has("at") else None,
        slot=section.text("slot") if section.has("slot") else "day",
        days_after_consultation=section.whole("days_after_consultation", 0, 30) if after else None,
        until_day=section.whole("until_day", FIRST_DAY, LAST_DAY) if after else LAST_DAY,
        audience=section.choice("audience", AUDIENCES) if section.has("audience") else "patient",
        condition=section.choice("condition", CONDITIONS) if section.has("condition") else None,
        lasts=timedelta(hours=section.whole("hours", 1, _LONGEST_HOURS)) if section.has("hours") else None,
        uses=tuple(map(str, section.items("uses"))) if section.has("uses") else (),
        names_procedure=section.flag("names_procedure") if section.has("names_procedure") else False,
        days_after_thinner=section.whole("days_after_thinner", 0, 7) if section.has("days_after_thinner") else None,
    )
    section.close()
    _check_step(section, step)
    return step


def _check_step(section: Section, step: Step) -> None:
    others = (step.days_before_visit, step.days_after_consultation, step.days_after_thinner)
    if bool(step.days) + sum(days is not None for days in others) != 1:
        raise section.error(
            "must have either days or days_before_visit, or days_after_consultation, or days_after_thinner"
        )
    if (step.kind == "follow_up_visit") != (step.days_before_visit is not None):
        raise section.error("a follow_up_visit, and nothing else, counts its days before the visit")
    if step.kind == "check_in" and step.question is None:
        raise section.error("a check_in must name its question")


def _days(section: Section) -> tuple[int, ...]:
    """Single days and series such as {from: 1, to: 14, every: 1}, both ends included."""
    days: list[int] = []
    for item in section.items("days"):
        days += _series(section, item) if isinstance(item, Mapping) else [_day(section, item)]
    if len(set(days)) != len(days):
        raise section.error("days name a day twice")
    return tuple(sorted(days))


def _day(section: Section, item: object) -> int:
    return Section(section.file, section.where, {"day": item}).whole("day", FIRST_DAY, LAST_DAY)


def _series(section: Section, item: object) -> list[int]:
    part = Section(section.file, f"{section.where}, days", item)
    first, last = part.whole("from", FIRST_DAY, LAST_DAY), part.whole("to", FIRST_DAY, LAST_DAY)
    every = part.whole("every", 1, LAST_DAY)
    part.close()
    if last < first:
        raise part.error("to is before from")
    return list(range(first, last + 1, every))


def local_time(section: Section, key: str) -> time:
    """A local time of day at which a text may leave. Raises PackError."""
    text = section.text(key)
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise section.error(f'{key} is {text!r}; it must be a time such as "13:00"') from None
    if at.tzinfo is not None or not OPENS <= at < CLOSES:
        raise section.error(f"{key} is {text!r}; it must be from {OPENS:%H:%M} and before {CLOSES:%H:%M}")
    return at
