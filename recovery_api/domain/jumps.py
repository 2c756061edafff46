"""A jump of pain that the patient is asked about again before anybody is paged, and what the rules make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recovery_api.domain.course import FIRST_DAY, Course
from recovery_api.domain.readings import EpisodeFacts, Grounds, Reading
from recovery_api.domain.rules import Rule, RulePack

UNANSWERED = "jump_unanswered"


@dataclass(frozen=True, slots=True)
class Jump:
    """The first answer well above the usual: its pain, the usual of then, and when it was given (UTC)."""

    pain: int
    usual: float
    at: datetime
    rule: Rule

    @property
    def ends_at(self) -> datetime:
        """Until when the patient has time to answer."""
        return self.at + timedelta(minutes=self.rule.parameters["answer_minutes"])

    def grounds(self, now: datetime) -> Grounds:
        """Why somebody must look where no answer came; the time since the jump counts as waited, and is told."""
        waited = max(int((now - self.at) / timedelta(minutes=1)), 0)
        words = {"pain": str(self.pain), "usual": f"{self.usual:.0f}", "hours": _hours(waited)}
        inputs = {"pain": self.pain, "usual": round(self.usual, 2), "jumped_at": self.at.isoformat()}
        return Grounds(words, inputs, waited_minutes=waited)


def jump_of(history: Sequence[Reading], facts: EpisodeFacts, rules: RulePack, now: datetime) -> Jump | None:
    """The jump that the last reading of a history is; None where the pack asks about none, or it is none.

    The history is oldest first. It is walked through only where the score lies high enough above the lowest one.
    """
    rule = rules.only_rule(UNANSWERED)
    if rule is None or not history or not _is_high(rule, history):
        return None
    course = Course(facts, rules)
    for reading in history:
        course.take(reading, now)
    pain, above = course.pains[-1], rule.parameters["above_usual"]
    if course.usual is None or course.taken_at is None or pain < course.usual + above:
        return None
    was_high = course.jumped_from is not None and course.pains[-2] >= course.jumped_from + above
    return None if was_high else Jump(pain, course.usual, course.taken_at, rule)


def _is_high(rule: Rule, history: Sequence[Reading]) -> bool:
    """Whether the last reading may be a jump at all: no usual lies below the lowest score."""
    last = history[-1]
    if last.pain is None or last.day < max(rule.arming.from_day, FIRST_DAY):
        return False
    scores = [reading.pain for reading in history if reading.pain is not None and reading.day >= FIRST_DAY]
    return len(scores) >= rule.arming.from_answer and last.pain >= min(scores) + rule.parameters["above_usual"]


def _hours(minutes: int) -> str:
    """Whole hours, or minutes as a part of the first one: "4", "12", "0.5"."""
    return f"{minutes // 60 or round(minutes / 60, 1):g}"
