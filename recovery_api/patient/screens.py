"""What one screen of the web check-in shows."""

from dataclasses import dataclass

from recovery_api.domain.check_in import ACTIVITY_LEVELS
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.web_answers import (
    ACTIVITY,
    MOST_PILLS,
    NEW,
    PAIN,
    PILLS,
    QUESTIONS,
    STEPS,
    SUMMARY,
    SYMPTOMS,
    WebAnswers,
    step_before,
)
from recovery_api.patient.words import say, say_symptom
from recovery_api.services.advise import Advice

CALLS = ("emergency", "urgent", "today")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary."""

    step: str
    label: str
    answer: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One question, the summary, or the end."""

    step: str
    language: str
    answers: WebAnswers
    advice: Advice | None
    back: str | None

    @property
    def template(self) -> str:
        """The template's name."""
        return "done" if self.step == "done" else "question"

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was answered yet: a browser with scripts may go on by itself from here."""
        return not self.answers.given

    @property
    def refusal(self) -> str:
        """What to say of an answer that cannot be; a question of buttons alone has none."""
        return refusal_of(self.step, self.language) if self.step in (PILLS, SYMPTOMS, SUMMARY) else ""

    @property
    def number(self) -> int:
        """Which question this is, from 1; the list of dangers belongs to the last."""
        return QUESTIONS.index(self.step) + 1 if self.step in QUESTIONS else len(QUESTIONS)

    @property
    def count(self) -> int:
        """How many questions there are."""
        return len(QUESTIONS)

    @property
    def chosen(self) -> str:
        """The answer that was given before, as the form sends it."""
        given = self.answers.given.get(self.step)
        if given is None:
            return ""
        return ("yes" if given else "no") if self.step == NEW else str(given)

    @property
    def levels(self) -> tuple[tuple[str, str], ...]:
        """What a day may have been."""
        return tuple((level, say(level, self.language)) for level in ACTIVITY_LEVELS)

    @property
    def dangers(self) -> tuple[tuple[str, str], ...]:
        """The dangers that may be ticked."""
        return tuple((code, say_symptom(code, self.language)) for code in SYMPTOM_TIERS)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The answers as they will be sent."""
        return tuple(Line(step, say(f"summary_{step}", self.language), self._said(step)) for step in QUESTIONS)

    @property
    def calls_for(self) -> str:
        """How soon a person acts on what was sent, where one does soon."""
        return self.advice.tier if self.advice and self.advice.tier in CALLS else ""

    def _said(self, step: str) -> str:
        given = self.answers.given.get(step)
        if given is None:
            return say("skipped", self.language)
        if step == ACTIVITY:
            return say(given, self.language)
        return say("yes" if given else "no", self.language) if step == NEW else str(given)


def blank_screens(language: str) -> list[Screen]:
    """Every screen before anything was answered, for a page that goes on without a network."""
    return [Screen(step, language, WebAnswers({}), None, step_before(step)) for step in STEPS]


def refusal_of(step: str, language: str) -> str:
    """What was wrong with an answer."""
    key = {SYMPTOMS: "tick", PILLS: "number", PAIN: "number", SUMMARY: "nothing"}.get(step, "choose")
    return say(key, language, most=10 if step == PAIN else MOST_PILLS)
