"""The protocol: the published, versioned template of everything a patient is asked and reminded of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from recovery_api.domain.errors import PackError
from recovery_api.domain.local_time import CLOSES, OPENS
from recovery_api.domain.pack_section import Section

KINDS = ("check_in", "follow_up_visit", "medication", "preparation", "rest", "posture", "activity")  # first come first
QUESTIONS = ("pain", "symptoms", "activity", "medication", "appointment")
TEXTS_A_DAY = 3
FIRST_DAY, LAST_DAY = -30, 365


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the protocol: a text on some days since the procedure, or before each visit."""

    id: str
    kind: str
    text_key: str
    question: str | None  # the question that the text leaves open
    days: tuple[int, ...]  # since the procedure, rising; empty for a step before visits
    days_before_visit: int | None
    at: time | None  # the patient's local time; None for the hour the patient prefers
    slot: str  # tells apart two steps of a kind on one day


@dataclass(frozen=True, slots=True)
class Protocol:
    """All steps, in the order of the file."""

    name: str
    version: str
    signed_off_by: str
    source: str
    steps: tuple[Step, ...]


def read_protocol(content: object, file: str) -> Protocol:
    """The protocol of a pack file's content. Raises PackError naming the file, the step and the reason."""
    section = Section(file, "protocol", content)
    protocol = Protocol(
        name=section.text("protocol"),
        version=section.text("version"),
        signed_off_by=section.text("signed_off_by"),
        source=section.text("source"),
        steps=tuple(_step(file, number, item) for number, item in enumerate(section.items("steps"), 1)),
    )
    section.close()
    _check_together(file, protocol.steps)
    return protocol


def _step(file: str, number: int, content: object) -> Step:
    step_id = Section(file, f"step {number}", content).text("id")
    section = Section(file, f"step {step_id}", content)
    step = Step(
        id=section.text("id"),
        kind=section.choice("kind", KINDS),
        text_key=section.text("text"),
        question=section.choice("question", QUESTIONS) if section.has("question") else None,
        days=_days(section) if section.has("days") else (),
        days_before_visit=section.whole("days_before_visit", 1, 30) if section.has("days_before_visit") else None,
        at=_local_time(section) if section.has("at") else None,
        slot=section.text("slot") if section.has("slot") else "day",
    )
    section.close()
    _check_step(section, step)
    return step


def _check_step(section: Section, step: Step) -> None:
    if bool(step.days) == (step.days_before_visit is not None):
        raise section.error("must have either days or days_before_visit")
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


def _local_time(section: Section) -> time:
    text = section.text("at")
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise section.error(f'at is {text!r}; it must be a time such as "13:00"') from None
    if at.tzinfo is not None or not OPENS <= at < CLOSES:
        raise section.error(f"at is {text!r}; it must be from {OPENS:%H:%M} and before {CLOSES:%H:%M}")
    return at


def _check_together(file: str, steps: tuple[Step, ...]) -> None:
    """What can only be seen over all steps: ids and slots once, not too many texts on a day."""
    _at_most(1, Counter(f"steps called {step.id}" for step in steps), file)
    _at_most(1, Counter(f"{s.kind} steps in slot {s.slot!r} on day {day}" for s in steps for day in s.days), file)
    _at_most(1, Counter(f"steps {s.days_before_visit} days before a visit" for s in steps if not s.days), file)
    _at_most(TEXTS_A_DAY, Counter(f"texts on day {day}" for step in steps for day in step.days), file)
    if not any(step.kind == "check_in" for step in steps):
        raise PackError(file, "steps", "no step is a check_in")


def _at_most(limit: int, found: Counter[str], file: str) -> None:
    for what, times in found.items():
        if times > limit:
            raise PackError(file, "steps", f"{times} {what}, at most {limit}")
