"""The answers of a questionnaire on a page: some sentences a screen to tick, then one question on mood a screen."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recovery_api.domain.errors import Invalid
from recovery_api.domain.questionnaires import INSTRUMENTS

PER_SCREEN = 4  # as many as stand on a phone's screen with the button below them
SAFETY = "safety"
INSTRUMENT_OF = {"disability": "rmdq", "mood": "phq2"}  # what a page asks; the ODI's words are under licence
_SCREENS = {"rmdq": INSTRUMENTS["rmdq"].items // PER_SCREEN, "phq2": INSTRUMENTS["phq2"].items}
STEPS = (*[f"{name}-{number + 1}" for name, count in _SCREENS.items() for number in range(count)], SAFETY)
_NO, _YES = "no", "yes"


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """What was answered so far, by step: which sentences of a screen were ticked (0 or 1), or the points of a question.

    `safety` is asked after a low mood alone: None until it is answered.
    """

    given: Mapping[str, Any]

    def with_answer(self, step: str, said: str, ticked: Collection[str] = ()) -> "FormAnswers":
        """These answers and one more. Raises Invalid."""
        if step == SAFETY:
            return self.with_value(step, _chosen(said, (_NO, _YES), step))
        if instrument_of(step) == "rmdq":
            return self.with_value(step, [int(str(item) in ticked) for item in items_of(step)])
        return self.with_value(step, int(_chosen(said, ("0", "1", "2", "3"), step)))

    def with_value(self, step: str, value: Any) -> "FormAnswers":
        """These answers with one as it is kept; None for a question that is now to be asked."""
        return FormAnswers({**self.given, step: value})

    def next_step(self, due: Collection[str]) -> str | None:
        """The first screen of what is due that was not answered, the question on safety before all; None at the end."""
        if SAFETY in self.given and self.given[SAFETY] is None:
            return SAFETY
        return next((step for step in steps_of(due) if step not in self.given), None)

    def answers_of(self, instrument: str) -> list[int] | None:
        """The answers of a whole instrument; None while a screen of it is missing."""
        points: list[int] = []
        for step in STEPS:
            if instrument_of(step) != instrument:
                continue
            kept = self.given.get(step)
            if kept is None:
                return None
            points += kept if isinstance(kept, list) else [kept]
        return points

    @property
    def tells_of_harm(self) -> bool:
        """Whether the patient thinks of harming themselves."""
        return bool(self.given.get(SAFETY) == _YES)


def instrument_of(step: str) -> str:
    """The instrument that a screen belongs to; empty for the question on safety."""
    return step.rpartition("-")[0]


def items_of(step: str) -> Sequence[int]:
    """Which items of its instrument a screen asks for, counted from 0."""
    number = int(step.rpartition("-")[2]) - 1
    if instrument_of(step) == "rmdq":
        return range(number * PER_SCREEN, (number + 1) * PER_SCREEN)
    return range(number, number + 1)


def steps_of(due: Collection[str]) -> tuple[str, ...]:
    """The screens of what is due, in their order; `due` are kinds such as mood."""
    asked = [INSTRUMENT_OF[kind] for kind in INSTRUMENT_OF if kind in due]
    return tuple(step for step in STEPS if instrument_of(step) in asked)


def _chosen(said: str, choices: Collection[str], step: str) -> str:
    if said not in choices:
        raise Invalid("is not one of the choices", field=step)
    return said
