"""A clinic's rules as values: every rule with its numbers, tier, source and sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from recovery_api.domain.conditions import CONDITIONS, LooksAt
from recovery_api.domain.tiers import Tier
from recovery_api.domain.trajectory import Detector

FAMILIES = (
    "red_flag",
    "worsening",
    "non_recovery",
    "activity",
    "medication",
    "silence",
    "delivery",
    "operations",
)
# Operations of which a recovery may have an open one each, beside any other.
TASKS = ("preparation", "visits", "visit_news", "forms")


def told_family(family: str) -> str:
    """The family by which the API and the exports name a flag: a task is one of the operations."""
    return "operations" if family in TASKS else family


@dataclass(frozen=True, slots=True)
class Arming:
    """From which day since the procedure, and from which answer of its kind on, a rule may fire."""

    from_day: int = 1
    from_answer: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a pack."""

    id: str
    version: str
    family: str
    tier: Tier
    respond_minutes: int
    condition: str
    parameters: Mapping[str, float]
    arming: Arming
    symptom: str | None  # the code of a `symptom` rule
    supersedes: frozenset[str]  # rules left out where this one fires, all of them less urgent
    source: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RulePack:
    """All rules of a clinic, in the order of the file, and the numbers they share."""

    name: str
    version: str
    signed_off_by: str
    respond_minutes: Mapping[Tier, int]  # see response_time for what counts: calendar, working days
    out_of_hours_minutes: Mapping[Tier, int]  # in place of those, while the clinic is closed
    detector: Detector
    rules: tuple[Rule, ...]
    about_report: tuple[Rule, ...] = field(init=False)
    about_pain: tuple[Rule, ...] = field(init=False)
    about_activity: tuple[Rule, ...] = field(init=False)
    about_medication: tuple[Rule, ...] = field(init=False)
    about_silence: tuple[Rule, ...] = field(init=False)
    rebound_answers: int = field(init=False, default=0)  # over how many the best pain so far is a mean; 0 for none

    def __post_init__(self) -> None:
        for name, looks_at in (
            ("about_report", LooksAt.REPORT),
            ("about_pain", LooksAt.PAIN),
            ("about_activity", LooksAt.ACTIVITY),
            ("about_medication", LooksAt.MEDICATION),
            ("about_silence", LooksAt.SILENCE),
        ):
            fitting = tuple(rule for rule in self.rules if CONDITIONS[rule.condition].looks_at is looks_at)
            object.__setattr__(self, name, fitting)
        rebound = self.only_rule("rebound")
        object.__setattr__(self, "rebound_answers", int(rebound.parameters["answers"]) if rebound else 0)

    def event_rule(self, condition: str) -> Rule:
        """The rule of an event that the program itself sees; every pack has exactly one for each."""
        return next(rule for rule in self.rules if rule.condition == condition)

    def only_rule(self, condition: str) -> Rule | None:
        """The rule of a condition that a pack may have once; None where it has none."""
        return next((rule for rule in self.rules if rule.condition == condition), None)

    def longest_hours(self, tier: Tier) -> int:
        """The longest time, in whole hours, that a symptom of this tier has at any hour of any day."""
        given = [rule.respond_minutes for rule in self.about_report if rule.symptom and rule.tier is tier]
        return ceil(max(self.respond_minutes[tier], self.out_of_hours_minutes.get(tier, 0), *given) / 60)

    def symptom_rule(self, code: str) -> Rule | None:
        """The rule for a symptom code, None for a code that the pack does not know."""
        return next((rule for rule in self.about_report if rule.symptom == code), None)
