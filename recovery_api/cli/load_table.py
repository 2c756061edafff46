"""What a replay found, as people read it: a table of rules, what changed, and the sums."""

from collections.abc import Iterator, Sequence

from recovery_api.domain.alert_load import NURSE_MINUTES, Changed, Load, Usefulness
from recovery_api.domain.tiers import Tier


def load_lines(load: Load, title: str) -> Iterator[str]:
    """One line a rule, then the sums."""
    yield f"{title}: {load.patient_days} patient-days"
    yield f"  {'rule':<10} {'tier':<10} {'alerts':>8} {'flags':>7} {'in 100 patient-days':>20}"
    for one in load.rules:
        share = 100 * one.flags / load.patient_days if load.patient_days else 0
        yield f"  {one.rule:<10} {one.tier:<10} {one.alerts:>8} {one.flags:>7} {share:>20.2f}"
    paged = load.per_100_days((Tier.EMERGENCY, Tier.URGENT, Tier.TODAY))
    yield f"  flags in 100 patient-days: {load.per_100_days():.2f}, without review {paged:.2f}"
    yield f"  nursing, estimated: {load.nursing_hours:.1f} hours ({_minutes()} minutes a flag)"


def changed_lines(changed: Changed) -> Iterator[str]:
    """What the other pack would have added and removed, by rule."""
    yield f"The other pack would have added {len(changed.added)} alerts and removed {len(changed.removed)}."
    for word, alerts in (("added", changed.added), ("removed", changed.removed)):
        for rule, tier in sorted({(alert.finding.rule, alert.finding.tier) for alert in alerts}):
            count = sum((alert.finding.rule, alert.finding.tier) == (rule, tier) for alert in alerts)
            yield f"  {word:<8} {rule:<10} {tier:<10} {count:>8}"


def usefulness_lines(found: Sequence[Usefulness]) -> Iterator[str]:
    """By rule, the share of resolved flags that were acted on."""
    yield "What became of the flags (acted on: advised, visit, imaging, emergency, new fracture):"
    yield f"  {'rule':<20} {'flags':>6} {'resolved':>9} {'acted on':>9} {'share':>7} {'false':>6}"
    for one in found:
        share = "" if one.share_acted_on is None else f"{100 * one.share_acted_on:.0f} %"
        yield f"  {one.rule:<20} {one.flags:>6} {one.resolved:>9} {one.acted_on:>9} {share:>7} {one.false_alarms:>6}"


def _minutes() -> str:
    return ", ".join(f"{tier} {minutes}" for tier, minutes in NURSE_MINUTES.items())
