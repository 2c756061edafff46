"""What the rules share to look back over the last answers: means, medians, and whether something is new."""

from collections.abc import Callable, Sequence
from statistics import fmean, median

from recovery_api.domain.rules import Rule


def last_mean(values: Sequence[int], count: int, most: int) -> float:
    """The mean of the last `most` of the first `count` values; of fewer where there are fewer."""
    return fmean(values[max(count - most, 0) : count])


def last_median(values: Sequence[int], count: int, most: int) -> float:
    """The median of the last `most` of the first `count` values."""
    return float(median(values[max(count - most, 0) : count]))


def is_new(rule: Rule, days: Sequence[int], holds: Callable[[int], bool]) -> bool:
    """Whether a condition holds at the last answer, and held at none of the `quiet_days` before it.

    `days` are the days of the answers, `holds` is asked with how many of them to look at. Unarmed answers never hold.
    """
    count, quiet_days = len(days), rule.parameters["quiet_days"]
    if not _armed(rule, days, count) or not holds(count):
        return False
    for earlier in range(count - 1, 0, -1):
        if days[count - 1] - days[earlier - 1] > quiet_days:
            return True
        if _armed(rule, days, earlier) and holds(earlier):
            return False
    return True


def _armed(rule: Rule, days: Sequence[int], count: int) -> bool:
    return count >= rule.arming.from_answer and days[count - 1] >= rule.arming.from_day
