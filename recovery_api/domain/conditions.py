"""The closed set of conditions that a rule may name: what each looks at, its parameters, the words of its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recovery_api.domain.pack_section import Bounds
from recovery_api.domain.tiers import Tier


class LooksAt(StrEnum):
    """What must be there before a condition is asked at all."""

    REPORT = "report"  # symptoms, or words that call for somebody
    PAIN = "pain"  # a pain score given after the procedure
    SILENCE = "silence"  # the days on which nothing came


@dataclass(frozen=True, slots=True)
class Condition:
    """The shape of one condition; the code that decides it stands under the same name in the rules' modules."""

    looks_at: LooksAt
    words: frozenset[str]
    parameters: Mapping[str, Bounds] = field(default_factory=dict)
    once: bool = False  # a pack without exactly one such rule is refused
    least_urgent: Tier = Tier.REVIEW
    armable: bool = False  # a rule may say from which day and answer on; the trend is armed by the detector itself


_PAIN = Bounds(0, 10, whole=True)
_DAYS = Bounds(1, 30, whole=True)
_MISSED = {"daily_missed": _DAYS, "daily_until_day": Bounds(1, 60, whole=True), "later_missed": _DAYS}

CONDITIONS: dict[str, Condition] = {
    "symptom": Condition(LooksAt.REPORT, frozenset()),
    "unknown_symptom": Condition(LooksAt.REPORT, frozenset({"codes"}), once=True, least_urgent=Tier.TODAY),
    "words": Condition(LooksAt.REPORT, frozenset({"because"}), once=True, least_urgent=Tier.TODAY),
    "urgent_symptom_with_pain": Condition(
        LooksAt.REPORT, frozenset({"signs", "pain", "usual"}), {"pain": _PAIN, "above_usual": Bounds(1, 10)}
    ),
    "trend": Condition(LooksAt.PAIN, frozenset({"above", "usual", "answers", "pain"})),
    "trend_with_danger": Condition(
        LooksAt.PAIN,
        frozenset({"above", "usual", "answers", "pain", "danger"}),
        {"pain": _PAIN, "red_flag_hours": Bounds(1, 336, whole=True)},
    ),
    "severe_again": Condition(
        LooksAt.PAIN,
        frozenset({"severe", "usual"}),
        {
            "pain": _PAIN,
            "times": Bounds(2, 5, whole=True),
            "of_last": Bounds(2, 7, whole=True),
            "usual_at_most": _PAIN,
            "above_usual": Bounds(0, 10),
        },
        armable=True,
    ),
    "missed_check_ins": Condition(LooksAt.SILENCE, frozenset({"missed", "last"}), _MISSED),
    "missed_after_concern": Condition(
        LooksAt.SILENCE, frozenset({"missed", "last", "concern"}), {**_MISSED, "last_pain": _PAIN}
    ),
}
