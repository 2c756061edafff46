"""The conditions on pain that gets worse than the patient's own usual."""

from dataclasses import asdict
from datetime import timedelta

from recovery_api.domain.activity_rules import walked_share
from recovery_api.domain.course import Course
from recovery_api.domain.readings import Grounds, Reading
from recovery_api.domain.rules import Rule
from recovery_api.domain.trajectory import Trend
from recovery_api.domain.windows import is_new

_SHOWN = 10  # answers kept with a finding
_TIMES = {2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times", 7: "seven times"}


def trend(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The detector's alarm (see `trajectory.Reference`): pain has stayed above the patient's own usual."""
    return None if course.trend is None else _trend_grounds(course, reading, course.trend)


def trend_with_danger(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The detector's alarm beside severe pain or a red flag of the last days."""
    if course.trend is None or reading.pain is None:
        return None
    danger = _danger(rule, course, reading.pain)
    if danger is None:
        return None
    grounds = _trend_grounds(course, reading, course.trend)
    return Grounds({**grounds.words, "danger": danger}, {**grounds.inputs, "danger": danger})


def severe_again(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """Severe pain, now and in one of the answers just before, in a patient whose usual is well below it."""
    limits, usual = rule.parameters, course.usual
    if usual is None or usual > limits["usual_at_most"]:
        return None
    least = max(limits["pain"], usual + limits["above_usual"])
    if course.pains[-1] < least:
        return None
    window = course.pains[-int(limits["of_last"]) :]
    severe = [pain for pain in window if pain >= least]
    if len(severe) < limits["times"]:
        return None
    words = {"severe": _severe_words(window, severe), "usual": f"{usual:.0f}"}
    return Grounds(words, {"pains": course.pains[-_SHOWN:], "severe": severe, "usual": round(usual, 2)})


def jump_confirmed(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The same, where the patient was asked again and answered within minutes or hours."""
    grounds, jumped_at = jump_that_stays(rule, course, reading), course.jumped_at
    if grounds is None or jumped_at is None:
        return None
    waited = reading.recorded_at - jumped_at
    if waited > timedelta(minutes=rule.parameters["within_minutes"]):
        return None
    inputs = {**grounds.inputs, "jumped_at": jumped_at.isoformat()}
    return Grounds(grounds.words, inputs, waited_minutes=int(waited / timedelta(minutes=1)))


def jump_that_stays(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The answer before was a jump above the usual of then, and this one, soon after it, still lies well above."""
    limits, usual = rule.parameters, course.jumped_from
    if usual is None or course.pains[-2] < usual + limits["above_usual"]:
        return None
    before, jump, pain = course.pains[-3:]
    if before >= usual + limits["above_usual"]:
        return None  # not a jump any more: the trend and severe pain speak of what lasts
    if pain < usual + limits["stays_above"] or _days_apart(course) > limits.get("within_days", 1):
        return None
    words = {"jump": str(jump), "pain": str(pain), "usual": f"{usual:.0f}"}
    return Grounds(words, {"pains": course.pains[-_SHOWN:], "pain": pain, "usual": round(usual, 2)})


def rebound(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """Pain that crept back, too slowly for the trend, from the best that it has been."""
    limits, answers = rule.parameters, course.rules.rebound_answers
    least = max(limits["above"], limits["noise"] * course.reference.noise)

    def holds(count: int) -> bool:
        place = count - answers
        return place >= answers and course.means[place] >= course.best_means[place - answers] + least

    if not holds(len(course.pains)) or not is_new(rule, course.pain_days, holds):
        return None
    mean, best = course.means[-1], course.best_means[-1 - answers]
    inputs = {
        "pain": reading.pain,
        "pains": course.pains[-_SHOWN:],
        "mean": round(mean, 2),
        "best": round(best, 2),
        "noise": round(course.reference.noise, 2),
    }
    return Grounds({"mean": f"{mean:.1f}", "best": f"{best:.1f}"}, inputs)


def _days_apart(course: Course) -> int:
    return course.pain_days[-1] - course.pain_days[-2]


def _danger(rule: Rule, course: Course, pain: int) -> str | None:
    if pain >= rule.parameters["pain"]:
        return f"pain is {pain} now"
    hours = int(rule.parameters["red_flag_hours"])
    flagged_at, now = course.red_flag_at, course.taken_at
    if flagged_at is not None and now is not None and now - flagged_at <= timedelta(hours=hours):
        return f"a warning sign was reported within {hours} hours"
    share = walked_share(course.walks, len(course.walks))
    if share is not None and share <= rule.parameters["walk_percent"]:
        return f"walking is down to {share:.0f} % of the usual"
    return None


def _trend_grounds(course: Course, reading: Reading, found: Trend) -> Grounds:
    words = {
        "above": f"{found.above:.1f}",
        "usual": f"{found.usual:.0f}",
        "answers": str(found.answers),
        "pain": str(reading.pain),
    }
    inputs = {
        "pains": course.pains[-_SHOWN:],
        "usual": round(found.usual, 2),
        "above": round(found.above, 2),
        "answers": found.answers,
        "pressure": round(found.pressure, 2),
        "detector": asdict(course.rules.detector),
    }
    return Grounds(words, inputs)


def _severe_words(window: list[int], severe: list[int]) -> str:
    """For example "8 twice in a row", "9 and 8 in a row", "8 and 9 on 2 of the last 3 answers"."""
    same = len(set(severe)) == 1
    in_a_row = window[-len(severe) :] == severe
    if same and in_a_row:
        return f"{severe[0]} {_TIMES[len(severe)]} in a row"
    listed = " and ".join(map(str, severe)) if len(severe) == 2 else ", ".join(map(str, severe))
    return f"{listed} in a row" if in_a_row else f"{listed} on {len(severe)} of the last {len(window)} answers"
