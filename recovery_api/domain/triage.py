"""What is to be done where the rules themselves break: the answer is kept, and a person reads it."""

from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier

BREAKS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def not_judged(broken: Exception) -> Finding:
    """The finding that stands in for a judgement which broke; it names the kind of error and nothing of the answer."""
    return Finding(
        rule="triage_failed",
        rule_version="1",
        family="operations",
        tier=Tier.URGENT,
        reason="This answer could not be judged by the rules: please read it yourself",
        respond_minutes=120,
        inputs={"error": type(broken).__name__},
    )
