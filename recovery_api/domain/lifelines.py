"""What is answered to danger: whom to call now, and after words of self-harm the country's own line for that."""

from collections.abc import Collection, Mapping

from recovery_api.domain.tiers import Tier

# The line for people who think of suicide, by the country's emergency number: the 988 Suicide and Crisis Lifeline of
# the United States takes calls and texts day and night, in English and in Spanish.
LIFELINES: Mapping[str, str] = {"911": "988"}
SELF_HARM = "self_harm"
LIFELINE = "lifeline"
_DANGER = {Tier.EMERGENCY: "emergency", Tier.URGENT: "urgent"}


def lifeline_of(emergency_number: str) -> str:
    """The line of the country of that emergency number; empty where none is known."""
    return LIFELINES.get(emergency_number, "")


def danger_text(tier: Tier, symptoms: Collection[str], emergency_number: str) -> str:
    """The key of the text that answers danger of this tier, emergency or urgent.

    Words of self-harm are answered with the lifeline and the emergency number, whatever else they report.
    """
    if SELF_HARM in symptoms and lifeline_of(emergency_number):
        return LIFELINE
    return _DANGER[tier]
