"""Builders of readings, for the tests of the rules."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from recovery_api.domain.escalation import EpisodeFacts, Reading
from recovery_api.domain.tiers import Tier

PROCEDURE_ON = date(2026, 3, 2)
LATER = datetime(2028, 1, 1, tzinfo=UTC)


def reading(day: int, pain: int | None = None, *symptoms: str, hour: int = 12, **facts: Any) -> Reading:
    on = PROCEDURE_ON + timedelta(days=day)
    return Reading(day, on, datetime.combine(on, time(hour), UTC), pain, frozenset(symptoms), **facts)


def words(day: int, tier: Tier, because: str = "", pain: int | None = None, *symptoms: str) -> Reading:
    return reading(day, pain, *symptoms, words_tier=tier, words_because=because)


def diary(*pains: int | None, first_day: int = 1) -> list[Reading]:
    """One reading a day; None is a day without an answer."""
    return [reading(day, pain) for day, pain in enumerate(pains, first_day) if pain is not None]


def facts(baseline: int | None = 8, days: frozenset[int] = frozenset(range(1, 15)), **more: Any) -> EpisodeFacts:
    return EpisodeFacts(PROCEDURE_ON, baseline, days, **more)
