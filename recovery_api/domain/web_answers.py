"""The answers of a web check-in: one question a screen, each answered or passed over, in whatever order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recovery_api.domain.check_in import ACTIVITY_LEVELS, CheckInFacts
from recovery_api.domain.errors import Invalid
from recovery_api.domain.symptoms import SYMPTOM_TIERS

PAIN, ACTIVITY, PILLS, NEW, SYMPTOMS = "pain", "activity", "pills", "new", "symptoms"
QUESTIONS = (PAIN, ACTIVITY, PILLS, NEW)
SUMMARY = "summary"
STEPS = (*QUESTIONS, SYMPTOMS, SUMMARY)
MOST_PILLS = 100


@dataclass(frozen=True, slots=True)
class WebAnswers:
    """What was answered so far, by question; None where a question was passed over, nothing where it was not asked."""

    given: Mapping[str, Any]

    def with_answer(self, step: str, said: str, ticked: Sequence[str] = ()) -> "WebAnswers":
        """These answers and one more; an empty `said` passes the question over. Raises Invalid."""
        if step == SYMPTOMS:
            symptoms = _symptoms(said, ticked)
            return self._and(new=bool(symptoms), symptoms=symptoms)
        if step == NEW:
            return self._and(new=_yes_or_no(said), symptoms=[])
        if step == ACTIVITY and said not in ("", *ACTIVITY_LEVELS):
            raise Invalid("is not one of the choices", field=step)
        most = {PAIN: 10, PILLS: MOST_PILLS}.get(step)
        return self._and(**{step: _number(step, said, most) if most else said or None})

    def _and(self, **more: Any) -> "WebAnswers":
        return WebAnswers({**self.given, **more})

    @property
    def symptoms(self) -> tuple[str, ...]:
        """The dangers that were ticked."""
        return tuple(self.given.get(SYMPTOMS) or ())

    @property
    def next_step(self) -> str:
        """The first question that was not asked yet; the summary after the last."""
        open_questions = [step for step in QUESTIONS if step not in self.given]
        if open_questions:
            return open_questions[0]
        return SYMPTOMS if self.given[NEW] and not self.symptoms else SUMMARY

    @property
    def facts(self) -> CheckInFacts:
        """The facts as every channel reports them. Raises Invalid where nothing was answered at all."""
        return CheckInFacts(
            pain=self.given.get(PAIN),
            activity_level=self.given.get(ACTIVITY),
            pills_total=self.given.get(PILLS),
            symptoms=self.symptoms,
            answered_symptoms=self.given.get(NEW) is False or bool(self.symptoms),
        )


def step_before(step: str) -> str | None:
    """The question before this one; None before the first. The summary is left for the last that all are asked."""
    if step == SUMMARY:
        return NEW
    at = STEPS.index(step)
    return STEPS[at - 1] if at else None


def _number(step: str, said: str, most: int) -> int | None:
    plain = said.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(most)) and int(plain) <= most):
        raise Invalid(f"must be from 0 to {most}", field=step)
    return int(plain)


def _yes_or_no(said: str) -> bool:
    if said not in ("yes", "no"):
        raise Invalid("is not one of the choices", field=NEW)
    return said == "yes"


def _symptoms(said: str, ticked: Sequence[str]) -> list[str]:
    if any(code not in SYMPTOM_TIERS for code in ticked) or (not ticked and said != "none"):
        raise Invalid("tick at least one", field=SYMPTOMS)
    return sorted(set(ticked))
