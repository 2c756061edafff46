"""How soon a person must act: the four tiers of a finding or a flag."""

from enum import StrEnum


class Tier(StrEnum):
    """Urgency of a finding, most urgent first."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    TODAY = "today"
    REVIEW = "review"

    @property
    def rank(self) -> int:
        """0 for the most urgent tier, rising as urgency falls."""
        return _RANKS[self]


_RANKS = {tier: rank for rank, tier in enumerate(Tier)}


def worst(*tiers: Tier | None) -> Tier | None:
    """The most urgent of the tiers given, or None where there is none."""
    named = [tier for tier in tiers if tier is not None]
    return min(named, key=lambda tier: tier.rank) if named else None
