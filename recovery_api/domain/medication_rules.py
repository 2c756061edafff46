"""The conditions on pills: strong ones taken late, more of them each day, too much acetaminophen, a pause too long."""

from datetime import date

from recovery_api.domain.course import Course
from recovery_api.domain.readings import Grounds, Reading
from recovery_api.domain.rules import Rule
from recovery_api.domain.windows import is_new, last_mean

NOT_RESTARTED = "thinner_not_restarted"
_SHOWN = 10
_USUAL = 7  # answers before that make the usual number of pills


def prescribed_late(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """Prescribed pain pills are still taken when they should long be over."""
    least, taken = rule.parameters["pills"], course.prescribed
    if not reading.pills_prescribed or not is_new(
        rule, course.prescribed_days, lambda count: taken[count - 1] >= least
    ):
        return None
    inputs = {"prescribed": taken[-_SHOWN:], "day": reading.day}
    return Grounds({"pills": str(taken[-1]), "day": str(reading.day)}, inputs)


def pills_rising(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """Several answers in a row name more pills than the mean of the seven before them."""
    limits, pills, times = rule.parameters, course.pills, int(rule.parameters["times"])

    def holds(count: int) -> bool:
        before = count - times
        if before < limits["usual_from"]:
            return False
        least = last_mean(pills, before, _USUAL) + limits["more"]
        return all(taken >= least for taken in pills[before:count])

    if reading.pills is None or not is_new(rule, course.pill_days, holds):
        return None
    usual = last_mean(pills, len(pills) - times, _USUAL)
    words = {"pills": str(pills[-1]), "usual": f"{usual:.1f}", "times": str(times)}
    return Grounds(words, {"pills": pills[-_SHOWN:], "usual": round(usual, 2)})


def too_much_acetaminophen(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """More over-the-counter pills than the daily limit allows, each counted as the acetaminophen that it may be."""
    limits, taken = rule.parameters, reading.pills_otc
    if taken is None or taken * limits["mg_a_pill"] <= limits["mg_a_day"]:
        return None
    milligrams = taken * limits["mg_a_pill"]
    return Grounds({"pills": str(taken), "mg": f"{milligrams:.0f}"}, {"pills_otc": taken, "mg": milligrams})


def not_restarted(restart_on: date, said: str) -> Grounds:
    """A blood thinner that was stopped was not started again on its day, or nobody knows; `said` tells which."""
    on = restart_on.isoformat()
    return Grounds({"restart": on, "said": said}, {"restart_on": on, "said": said})
