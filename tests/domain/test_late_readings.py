"""Readings that come late: in whichever order they come, no rule stays silent that would have fired in theirs."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from recovery_api.domain.escalation import replay
from recovery_api.domain.late_readings import assess_between
from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.packs.rule_pack import rule_pack

NOW = datetime(2026, 12, 20, 15, 0, tzinfo=UTC)
BEGAN = date(2026, 11, 20)
FACTS = EpisodeFacts(procedure_on=BEGAN, baseline_pain=7)


def reading(day: int, pain: int, *symptoms: str) -> Reading:
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC) + timedelta(days=day)
    return Reading(day, at.date(), at, pain, frozenset(symptoms))


def deliver(readings: list[Reading]) -> set[str]:
    """The rules that fire when readings come in this order."""
    known: list[Reading] = []
    fired: set[str] = set()
    for one in readings:
        earlier = [other for other in known if other.recorded_at <= one.recorded_at]
        later = [other for other in known if other.recorded_at > one.recorded_at]
        fired |= {found.rule for found in assess_between([*earlier, one], later, FACTS, rule_pack(), NOW)}
        known = [*earlier, one, *later]
    return fired


def in_order(readings: list[Reading]) -> set[str]:
    ordered = sorted(readings, key=lambda one: one.day)
    return {one.rule for findings in replay(ordered, FACTS, rule_pack(), NOW) for one in findings}


def test_a_second_bad_day_that_comes_first_is_found_with_the_first() -> None:
    calm = [reading(day, 3) for day in range(1, 8)]
    first, second = reading(8, 8), reading(9, 8)
    assert deliver([*calm, second, first]) >= in_order([*calm, first, second]) != set()


def test_a_late_reading_does_not_fire_again_what_has_fired() -> None:
    calm = [reading(day, 3) for day in range(1, 8)]
    bad = [reading(8, 8), reading(9, 8), reading(10, 8)]
    late = reading(2, 3)
    known = [one for one in calm if one.day != 2]
    found = assess_between([known[0], late], [*known[1:], *bad], FACTS, rule_pack(), NOW)
    assert found == ()


@pytest.mark.soak
def test_in_any_order_no_rule_stays_silent(samples: Callable[[int, int], int]) -> None:
    for seed in range(samples(60, 20_000)):
        rng = random.Random(seed)
        readings = [
            reading(day, min(max(round(rng.gauss(3 + day / 6, 2)), 0), 10), *(["fever"] if rng.random() < 0.05 else []))
            for day in rng.sample(range(1, 28), rng.randint(2, 14))
        ]
        assert deliver(readings) >= in_order(readings), seed
