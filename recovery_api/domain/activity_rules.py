"""The conditions on walking: less than the patient's own usual, or none at all."""

from collections.abc import Sequence

from recovery_api.domain.course import Course
from recovery_api.domain.readings import Grounds, Reading
from recovery_api.domain.rules import Rule
from recovery_api.domain.windows import is_new, last_median

_NOW, _BEFORE = 3, 7  # answers: of the walking of now, and of the usual before it
_SHOWN = 10


def walks_less(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The median of the last three walks is a share, or less, of the median of the seven before."""
    if not is_new(rule, course.walk_days, lambda count: _is_less(rule, course.walks, count)):
        return None
    return _grounds(course)


def walks_less_in_pain(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The same while pain lies above the patient's own usual."""
    least, aboves = rule.parameters["above_usual"], course.above_at_walks

    def holds(count: int) -> bool:
        return aboves[count - 1] >= least and _is_less(rule, course.walks, count)

    if not is_new(rule, course.walk_days, holds):
        return None
    grounds, above = _grounds(course), aboves[-1]
    words = {**grounds.words, "above": f"{above:.1f}"}
    return Grounds(words, {**grounds.inputs, "pain": course.pains[-1], "above": round(above, 2)})


def walks_nothing(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """No walking at all, several answers in a row, in the first weeks."""
    limits, walks = rule.parameters, course.walks
    times = int(limits["times"])
    if reading.day > limits["until_day"]:
        return None
    if not is_new(rule, course.walk_days, lambda count: count >= times and not any(walks[count - times : count])):
        return None
    return Grounds({"times": str(times), "day": str(reading.day)}, {"walks": walks[-_SHOWN:], "day": reading.day})


def walked_share(walks: Sequence[int], count: int) -> float | None:
    """Per cent of the usual that is walked now, None where there is no usual yet."""
    if count < _NOW + _BEFORE:
        return None
    usual = last_median(walks, count - _NOW, _BEFORE)
    return 100 * last_median(walks, count, _NOW) / usual if usual else None


def usual_walk(walks: Sequence[int], count: int) -> float:
    """The median of the seven walks before the last three, in minutes."""
    return last_median(walks, count - _NOW, _BEFORE)


def _is_less(rule: Rule, walks: Sequence[int], count: int) -> bool:
    share = walked_share(walks, count)
    if share is None or usual_walk(walks, count) < rule.parameters["minutes"]:
        return False
    return share <= rule.parameters["percent"]


def _grounds(course: Course) -> Grounds:
    walks, count = course.walks, len(course.walks)
    now, usual = last_median(walks, count, _NOW), usual_walk(walks, count)
    words = {"minutes": f"{now:.0f}", "usual": f"{usual:.0f}"}
    return Grounds(words, {"walks": walks[-_SHOWN:], "median": now, "usual": usual})
