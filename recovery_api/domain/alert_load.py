"""What rules ask of a clinic: alerts in 100 patient-days, the flags they make, and hours of nursing."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier

GROUPED_DAYS = 7  # what a rule family says again of a patient within these days belongs to the same flag
# Minutes of a nurse for one flag: reading, calling, writing. By judgement; a clinic that measures knows better.
NURSE_MINUTES: Mapping[Tier, int] = {Tier.EMERGENCY: 30, Tier.URGENT: 20, Tier.TODAY: 12, Tier.REVIEW: 5}
ACTED_ON = frozenset({"advised", "visit_booked", "imaging", "sent_to_emergency", "new_fracture"})
_MINUTES_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class Alert:
    """One finding of a replay: whose, on which day since the procedure, and what it says."""

    episode: str
    day: int
    finding: Finding

    @property
    def key(self) -> tuple[str, int, str, Tier]:
        """Equal for the same rule at the same tier on the same day of the same patient."""
        return self.episode, self.day, self.finding.rule, self.finding.tier


@dataclass(frozen=True, slots=True)
class RuleLoad:
    """What one rule did: alerts, and the flags that it opened."""

    rule: str
    tier: Tier
    alerts: int
    flags: int


@dataclass(frozen=True, slots=True)
class Load:
    """What a pack asks of a clinic over a number of patient-days."""

    patient_days: int
    rules: tuple[RuleLoad, ...]

    @property
    def flags(self) -> int:
        """Flags in all."""
        return sum(one.flags for one in self.rules)

    def per_100_days(self, tiers: Collection[Tier] = tuple(Tier)) -> float:
        """Flags of some tiers in 100 patient-days; 0 without any day."""
        flags = sum(one.flags for one in self.rules if one.tier in tiers)
        return 100 * flags / self.patient_days if self.patient_days else 0.0

    @property
    def nursing_hours(self) -> float:
        """Estimated hours of a nurse for all these flags, see NURSE_MINUTES."""
        return sum(one.flags * NURSE_MINUTES[one.tier] for one in self.rules) / _MINUTES_AN_HOUR


@dataclass(frozen=True, slots=True)
class Changed:
    """What another pack would have added and removed."""

    added: tuple[Alert, ...]
    removed: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Usefulness:
    """What became of the flags that one rule opened: `acted_on` of those `resolved`."""

    rule: str
    flags: int
    resolved: int
    acted_on: int
    false_alarms: int

    @property
    def share_acted_on(self) -> float | None:
        """From 0 to 1; None where nothing is resolved yet."""
        return self.acted_on / self.resolved if self.resolved else None


def load_of(alerts: Sequence[Alert], patient_days: int) -> Load:
    """The load of a replay, one line a rule and tier, in the order of their names."""
    counted = Counter((alert.finding.rule, alert.finding.tier) for alert in alerts)
    opened = Counter((alert.finding.rule, alert.finding.tier) for alert in group(alerts))
    rules = tuple(RuleLoad(rule, tier, counted[rule, tier], opened[rule, tier]) for rule, tier in sorted(counted))
    return Load(patient_days, rules)


def group(alerts: Iterable[Alert]) -> list[Alert]:
    """The alerts that open a flag or make one more urgent: the others repeat what is known for some days already."""
    known: dict[tuple[str, str], Alert] = {}
    opening = []
    for alert in sorted(alerts, key=lambda one: (one.episode, one.day, one.finding.tier.rank)):
        place = alert.episode, alert.finding.family
        before = known.get(place)
        is_new = before is None or alert.day - before.day >= GROUPED_DAYS
        if is_new or (before and alert.finding.tier.rank < before.finding.tier.rank):
            known[place] = alert
            opening.append(alert)
    return opening


def compare(now: Sequence[Alert], then: Sequence[Alert]) -> Changed:
    """What a second replay of the same diaries said that the first did not, and the other way round."""
    here, there = {alert.key for alert in now}, {alert.key for alert in then}
    added = tuple(alert for alert in then if alert.key not in here)
    return Changed(added, tuple(alert for alert in now if alert.key not in there))


def usefulness(outcomes: Iterable[tuple[str, str | None]]) -> tuple[Usefulness, ...]:
    """By rule, from the outcome of every flag; None for one that is not resolved."""
    by_rule: dict[str, list[str | None]] = {}
    for rule, outcome in outcomes:
        by_rule.setdefault(rule, []).append(outcome)
    return tuple(_usefulness(rule, ended) for rule, ended in sorted(by_rule.items()))


def _usefulness(rule: str, ended: Sequence[str | None]) -> Usefulness:
    known = [outcome for outcome in ended if outcome is not None]
    acted_on = sum(outcome in ACTED_ON for outcome in known)
    return Usefulness(rule, len(ended), len(known), acted_on, known.count("false_alarm"))
