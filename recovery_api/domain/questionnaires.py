"""Questionnaires: which there are, what they may say, and when each is due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from recovery_api.domain.errors import Invalid
from recovery_api.domain.escalation import assess_event
from recovery_api.domain.readings import Finding, Grounds
from recovery_api.domain.rules import RulePack


@dataclass(frozen=True, slots=True)
class Instrument:
    """One questionnaire: how many items of how many points each, the highest score, and what it measures."""

    items: int
    most_of_item: int
    most: int
    measures: str
    source: str

    def score_of(self, answers: Sequence[int]) -> int:
        """The score that these answers make; of the ODI a per cent of what was answered in full."""
        points = sum(answers)
        return round(100 * points / (self.items * self.most_of_item)) if self.most == 100 else points


INSTRUMENTS: dict[str, Instrument] = {
    "rmdq": Instrument(24, 1, 24, "disability", "Roland and Morris 1983"),
    "odi": Instrument(10, 5, 100, "disability", "Fairbank and Pynsent 2000"),
    "phq2": Instrument(2, 3, 6, "mood", "Kroenke, Spitzer and Williams 2003"),
}
# When each kind falls due: the first and the last day since the procedure (shipped protocol, after the follow-up of the
# trials). A baseline that is taken after the procedure would be none.
_BASELINE, _WEEK, _MONTH, _QUARTER = (-30, 0), (7, 20), (30, 43), (90, 103)
DUE_DAYS: dict[str, tuple[tuple[int, int], ...]] = {
    "disability": (_BASELINE, _MONTH, _QUARTER),
    "mood": (_BASELINE, _WEEK, _MONTH, _QUARTER),
}
ANSWERED_BY = ("patient", "caregiver")
CHANNELS = ("app", "web", "staff")


@dataclass(frozen=True, slots=True)
class DueQuestionnaire:
    """One questionnaire that waits for an answer; any of its instruments will do."""

    measures: str
    instruments: tuple[str, ...]
    due_on: date
    until: date


def check_score(instrument: str, score: int | None, answers: Sequence[int] | None) -> int:
    """The score, from the answers where they came alone. Raises Invalid where anything lies outside its range."""
    shape = INSTRUMENTS[instrument]
    if answers is not None:
        if len(answers) != shape.items or any(not 0 <= one <= shape.most_of_item for one in answers):
            raise Invalid(f"must be {shape.items} numbers from 0 to {shape.most_of_item}", field="answers")
        made = shape.score_of(answers)
        if score not in (None, made):
            raise Invalid(f"does not fit the answers, which make {made}", field="score")
        score = made
    if score is None:
        raise Invalid("give the score, or the answers", field="score")
    if not 0 <= score <= shape.most:
        raise Invalid(f"must be from 0 to {shape.most}", field="score")
    return score


def due_questionnaires(procedure_on: date, today: date, answered: Iterable[tuple[str, date]]) -> list[DueQuestionnaire]:
    """What is due on the patient's own calendar day `today`; `answered` are instruments with their days.

    `until` is the first day on which it is due no more.
    """
    by_kind: dict[str, list[date]] = {}
    for instrument, day in answered:
        by_kind.setdefault(INSTRUMENTS[instrument].measures, []).append(day)
    found = []
    for measures, windows in DUE_DAYS.items():
        for first, last in windows:
            due_on, until = procedure_on + timedelta(days=first), procedure_on + timedelta(days=last + 1)
            is_answered = any(due_on <= day < until for day in by_kind.get(measures, ()))
            if due_on <= today < until and not is_answered:
                found.append(DueQuestionnaire(measures, _instruments(measures), due_on, until))
    return found


def _instruments(measures: str) -> tuple[str, ...]:
    return tuple(name for name, one in INSTRUMENTS.items() if one.measures == measures)


def is_low_mood(instrument: str, score: int, rules: RulePack) -> bool:
    """Whether a score is one that the pack's rule for a low mood looks at."""
    return instrument == "phq2" and score >= rules.event_rule("low_mood").parameters["score"]


def judge_questionnaire(instrument: str, score: int, rules: RulePack) -> list[Finding]:
    """What a score calls for: a low mood is looked at as the pack's rule for it says."""
    if not is_low_mood(instrument, score, rules):
        return []
    return [assess_event(rules, "low_mood", Grounds({"score": str(score)}, {"score": score}))]
