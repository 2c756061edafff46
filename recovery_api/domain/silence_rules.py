"""The conditions on silence: check-ins that were asked for and did not come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from recovery_api.domain.readings import EpisodeFacts, Grounds, Reading
from recovery_api.domain.rules import Rule


@dataclass(frozen=True, slots=True)
class Silence:
    """The scheduled days since the last sign of the patient, today left out because it is not over."""

    missed: tuple[int, ...]
    last: Reading | None  # the last reading with a pain score
    open_flag: bool


def silence_of(history: Sequence[Reading], facts: EpisodeFacts, today: date) -> Silence:
    """How long a patient has been silent on the patient's own calendar day `today`.

    Any reading breaks the silence, one dated in the future does not: a wrong clock must not silence the rule for good.
    """
    day = (today - facts.procedure_on).days
    before_any = min(facts.check_in_days, default=0) - 1
    heard = max((reading.day for reading in history if reading.day <= day), default=before_any)
    missed = tuple(sorted(due for due in facts.check_in_days if heard < due < day))
    last = next((reading for reading in reversed(history) if reading.pain is not None and reading.day <= day), None)
    return Silence(missed, last, facts.open_flag)


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
