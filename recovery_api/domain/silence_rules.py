"""The conditions on silence: check-ins that were asked for and did not come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from recovery_api.domain.course import FIRST_DAY, Course
from recovery_api.domain.readings import EpisodeFacts, Grounds, Reading
from recovery_api.domain.rules import Rule, RulePack


@dataclass(frozen=True, slots=True)
class Silence:
    """The scheduled days since the last sign of the patient, today left out because it is not over."""

    missed: tuple[int, ...]
    last: Reading | None  # the last reading with a pain score
    open_flag: bool
    facts: EpisodeFacts
    rules: RulePack
    history: Sequence[Reading]
    day: int

    def usual(self, above: float) -> float | None:
        """The usual pain as it stood before the last score, None unless that may lie `above` points over it."""
        scored = [reading for reading in self.history if reading.pain is not None and reading.day <= self.day]
        lowest = min((reading.pain for reading in scored if reading.pain is not None), default=None)
        if lowest is None or scored[-1].pain is None or scored[-1].pain < lowest + above:
            return None  # no usual lies below the lowest score: no need to walk through all of them
        course = Course(self.facts, self.rules)
        for reading in scored:
            course.take(reading, reading.recorded_at)
        return course.usual


def silence_of(history: Sequence[Reading], facts: EpisodeFacts, rules: RulePack, today: date) -> Silence:
    """How long a patient has been silent on the patient's own calendar day `today`.

    Any reading breaks the silence, one dated in the future does not: a wrong clock must not silence the rule for good.
    """
    day = (today - facts.procedure_on).days
    before_any = min(facts.check_in_days, default=0) - 1
    heard = max((reading.day for reading in history if reading.day <= day), default=before_any)
    missed = tuple(sorted(due for due in facts.check_in_days if heard < due < day))
    last = next((reading for reading in reversed(history) if reading.pain is not None and reading.day <= day), None)
    return Silence(missed, last, facts.open_flag, facts, rules, history, day)


def missed_check_ins(rule: Rule, silence: Silence) -> Grounds | None:
    """Several daily check-ins missed in a row, or fewer once they come further apart."""
    limits, missed = rule.parameters, silence.missed
    late = sum(day > limits["daily_until_day"] for day in missed)
    if len(missed) < limits["daily_missed"] and late < limits["later_missed"]:
        return None
    last = "no pain score yet" if silence.last is None else f"last pain {silence.last.pain} on day {silence.last.day}"
    inputs = {
        "missed_days": list(missed),
        "last_pain": silence.last.pain if silence.last else None,
        "last_day": silence.last.day if silence.last else None,
        "open_flag": silence.open_flag,
    }
    return Grounds({"missed": str(len(missed)), "last": last}, inputs)


def missed_after_concern(rule: Rule, silence: Silence) -> Grounds | None:
    """The same silence after strong pain, or while a flag awaits a person."""
    grounds = missed_check_ins(rule, silence)
    if grounds is None:
        return None
    last_pain = silence.last.pain if silence.last and silence.last.pain is not None else 0
    if not silence.open_flag and last_pain < rule.parameters["last_pain"]:
        return None
    concern = "while a flag is open" if silence.open_flag else "after strong pain"
    return Grounds({**grounds.words, "concern": concern}, grounds.inputs)


def missed_after_jump(rule: Rule, silence: Silence) -> Grounds | None:
    """The last answer was a jump above the usual, and the check-in that would have looked again never came."""
    limits, last = rule.parameters, silence.last
    if last is None or last.pain is None or last.day < FIRST_DAY or len(silence.missed) < limits["missed"]:
        return None
    usual = silence.usual(limits["above_usual"])
    if usual is None or last.pain < usual + limits["above_usual"]:
        return None
    words = {"missed": str(len(silence.missed)), "pain": str(last.pain), "usual": f"{usual:.0f}"}
    inputs = {"missed_days": list(silence.missed), "pain": last.pain, "last_day": last.day, "usual": round(usual, 2)}
    return Grounds(words, inputs)
