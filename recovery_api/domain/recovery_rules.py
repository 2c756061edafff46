"""The conditions on a recovery that stays behind: pain above what it was before, or not fallen as it should have."""

from typing import Any

from recovery_api.domain.course import Course
from recovery_api.domain.readings import Grounds, Reading
from recovery_api.domain.rules import Rule
from recovery_api.domain.windows import is_new, last_mean

_SHOWN = 10


def above_baseline(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The mean of the last answers lies above the pain before the procedure; silent where nobody knows that one."""
    limits, baseline, pains = rule.parameters, course.facts.baseline_pain, course.pains
    if baseline is None:
        return None
    answers, least = int(limits["answers"]), baseline + limits["above"]
    if not is_new(rule, course.pain_days, lambda count: last_mean(pains, count, answers) >= least):
        return None
    return _grounds(course, last_mean(pains, len(pains), answers), {"baseline": str(baseline)})


def not_recovering(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """At the first armed answer the mean of the last ones is still high, and has not fallen by its share.

    Where nobody knows the pain before the procedure, no fall can be shown, and the rule fires on what there is.
    """
    if not _is_first_armed(rule, course):
        return None
    limits, baseline = rule.parameters, course.facts.baseline_pain
    mean = last_mean(course.pains, len(course.pains), int(limits["answers"]))
    if mean < limits["pain"] or (baseline is not None and mean <= baseline * (1 - limits["fall_percent"] / 100)):
        return None
    before = "not known" if baseline is None else str(baseline)
    return _grounds(course, mean, {"baseline": before, "day": str(reading.day)})


def severe_on_average(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The mean of the last answers is severe, long after the procedure."""
    limits, pains = rule.parameters, course.pains
    answers = int(limits["answers"])
    if not is_new(rule, course.pain_days, lambda count: last_mean(pains, count, answers) >= limits["pain"]):
        return None
    return _grounds(course, last_mean(pains, len(pains), answers), {"day": str(reading.day)})


def _is_first_armed(rule: Rule, course: Course) -> bool:
    """The caller has seen that the last answer is armed; the one before it was not."""
    arming, before = rule.arming, len(course.pains) - 1
    return before < arming.from_answer or course.pain_days[-2] < arming.from_day


def _grounds(course: Course, mean: float, words: dict[str, str]) -> Grounds:
    band, day = course.facts.band(course.pain_days[-1]), course.pain_days[-1]
    expected = band.words(day, course.facts.baseline_pain)
    inputs: dict[str, Any] = {
        "expected": {
            "band": list(band.edges(day, course.facts.baseline_pain)),
            "from": band.whose,
            "version": band.version,
            "source": band.source,
            "patients": band.patients,
        },
        "pain": course.pains[-1],
        "pains": course.pains[-_SHOWN:],
        "mean": round(mean, 2),
        "baseline": course.facts.baseline_pain,
    }
    return Grounds({"mean": f"{mean:.1f}", "expected": expected, **words}, inputs)
