"""The closed set of conditions that a rule may name: what each looks at, its parameters, the words of its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recovery_api.domain.pack_section import Bounds
from recovery_api.domain.tiers import Tier


class LooksAt(StrEnum):
    """What must be there before a condition is asked at all."""

    REPORT = "report"  # symptoms, or words that call for somebody
    PAIN = "pain"  # a pain score given after the procedure
    ACTIVITY = "activity"  # minutes walked, after the procedure
    MEDICATION = "medication"  # pills taken, after the procedure
    SILENCE = "silence"  # the days on which nothing came
    EVENT = "event"  # something that happened; the part of the program that sees it asks for the rule


@dataclass(frozen=True, slots=True)
class Condition:
    """The shape of one condition; the code that decides it stands under the same name in the rules' modules."""

    means: str  # one sentence for people, in which {name} stands for a parameter
    looks_at: LooksAt
    words: frozenset[str]
    parameters: Mapping[str, Bounds] = field(default_factory=dict)
    once: bool = False  # a pack without exactly one such rule is refused
    at_most_once: bool = False  # a pack with more than one such rule is refused
    least_urgent: Tier = Tier.REVIEW
    armable: bool = False  # a rule may say from which day and answer on; the trend is armed by the detector itself


_PAIN = Bounds(0, 10, whole=True)
_DAYS = Bounds(1, 30, whole=True)
_ANSWERS = Bounds(2, 14, whole=True)
_MISSED = {"daily_missed": _DAYS, "daily_until_day": Bounds(1, 60, whole=True), "later_missed": _DAYS}
_QUIET = {"quiet_days": Bounds(0, 60, whole=True)}
_LESS = {"percent": Bounds(10, 90), "minutes": Bounds(1, 120, whole=True), **_QUIET}
_MISSED_MEAN = "{daily_missed} check-ins missed in a row, of them {later_missed} after day {daily_until_day} suffice"
_LESS_MEANS = (
    "the median of the last 3 walks is {percent} % or less of the median of the 7 before, and that one {minutes} "
    "minutes or more"
)

CONDITIONS: dict[str, Condition] = {
    "symptom": Condition("the symptom is reported, by letter or in words", LooksAt.REPORT, frozenset()),
    "unknown_symptom": Condition(
        "a symptom is reported for which the pack has no rule",
        LooksAt.REPORT,
        frozenset({"codes"}),
        once=True,
        least_urgent=Tier.TODAY,
    ),
    "words": Condition(
        "the patient's own words call for more than the symptoms read out of them",
        LooksAt.REPORT,
        frozenset({"because"}),
        once=True,
        least_urgent=Tier.TODAY,
    ),
    "urgent_symptom_with_pain": Condition(
        "an urgent symptom, with pain of {pain} or more or {above_usual} above the usual",
        LooksAt.REPORT,
        frozenset({"signs", "pain", "usual"}),
        {"pain": _PAIN, "above_usual": Bounds(1, 10)},
    ),
    "trend": Condition(
        "the detector's alarm: pain has stayed above the patient's own usual",
        LooksAt.PAIN,
        frozenset({"above", "usual", "answers", "pain"}),
    ),
    "trend_with_danger": Condition(
        "the detector's alarm, with pain of {pain} or more, a red flag within {red_flag_hours} hours, or walking down "
        "to {walk_percent} % of the usual",
        LooksAt.PAIN,
        frozenset({"above", "usual", "answers", "pain", "danger"}),
        {"pain": _PAIN, "red_flag_hours": Bounds(1, 336, whole=True), "walk_percent": Bounds(10, 90)},
    ),
    "severe_again": Condition(
        "pain of {pain} or more, and {above_usual} above a usual of {usual_at_most} at most, on {times} of the last "
        "{of_last} answers, the last among them",
        LooksAt.PAIN,
        frozenset({"severe", "usual"}),
        {
            "pain": _PAIN,
            "times": Bounds(2, 5, whole=True),
            "of_last": Bounds(2, 7, whole=True),
            "usual_at_most": _PAIN,
            "above_usual": Bounds(0, 10),
        },
        armable=True,
    ),
    "jump_that_stays": Condition(
        "the answer before was the first {above_usual} or more above the usual, and this one, {within_days} days later "
        "at most, still lies {stays_above} or more above it",
        LooksAt.PAIN,
        frozenset({"jump", "pain", "usual"}),
        {"above_usual": Bounds(2, 10), "stays_above": Bounds(1, 10), "within_days": _DAYS},
        armable=True,
    ),
    "jump_confirmed": Condition(
        "the answer before was the first {above_usual} or more above the usual, and this one, {within_minutes} minutes "
        "later at most, still lies {stays_above} or more above it; the time since the jump counts as waited",
        LooksAt.PAIN,
        frozenset({"jump", "pain", "usual"}),
        {
            "above_usual": Bounds(2, 10),
            "stays_above": Bounds(1, 10),
            "within_minutes": Bounds(30, 1080, whole=True),
        },
        armable=True,
    ),
    "jump_unanswered": Condition(
        "after the first answer {above_usual} or more above the usual, which calls nobody by itself, the patient is "
        "asked at once about a fall, a pop or a new place, and nothing came within {answer_minutes} minutes (where "
        "these end at night, by 9 in the morning; an hour at least after the question); the time since the jump counts "
        "as waited",
        LooksAt.EVENT,
        frozenset({"pain", "usual", "hours"}),
        {"above_usual": Bounds(2, 10), "answer_minutes": Bounds(30, 720, whole=True)},
        at_most_once=True,
        armable=True,
    ),
    "rebound": Condition(
        "the mean of the last {answers} answers lies {above} or more, and {noise} times the patient's own noise, above "
        "the best mean of as many answers so far, which it did not in the {quiet_days} days before",
        LooksAt.PAIN,
        frozenset({"mean", "best"}),
        {"answers": _ANSWERS, "above": Bounds(1, 10), "noise": Bounds(0, 6), **_QUIET},
        at_most_once=True,
        armable=True,
    ),
    "above_baseline": Condition(
        "the mean of the last {answers} answers lies {above} or more above the pain before the procedure, which it did "
        "not in the {quiet_days} days before",
        LooksAt.PAIN,
        frozenset({"mean", "baseline", "expected"}),
        {"answers": _ANSWERS, "above": Bounds(0, 5), **_QUIET},
        armable=True,
    ),
    "not_recovering": Condition(
        "at the first armed answer, the mean of the last {answers} is {pain} or more and less than {fall_percent} % "
        "below the pain before the procedure",
        LooksAt.PAIN,
        frozenset({"mean", "baseline", "day", "expected"}),
        {"answers": _ANSWERS, "pain": Bounds(0, 10), "fall_percent": Bounds(0, 90)},
        armable=True,
    ),
    "severe_on_average": Condition(
        "the mean of the last {answers} answers is {pain} or more, which it was not in the {quiet_days} days before",
        LooksAt.PAIN,
        frozenset({"mean", "day", "expected"}),
        {"answers": _ANSWERS, "pain": Bounds(0, 10), **_QUIET},
        armable=True,
    ),
    "walks_less": Condition(
        f"{_LESS_MEANS}; said once in {{quiet_days}} days",
        LooksAt.ACTIVITY,
        frozenset({"minutes", "usual"}),
        _LESS,
        armable=True,
    ),
    "walks_less_in_pain": Condition(
        f"{_LESS_MEANS}, while pain lies {{above_usual}} or more above the usual; said once in {{quiet_days}} days",
        LooksAt.ACTIVITY,
        frozenset({"minutes", "usual", "above"}),
        {**_LESS, "above_usual": Bounds(0.5, 10)},
        armable=True,
    ),
    "walks_nothing": Condition(
        "0 minutes walked on {times} answers in a row, up to day {until_day}; said once in {quiet_days} days",
        LooksAt.ACTIVITY,
        frozenset({"times", "day"}),
        {"times": Bounds(2, 7, whole=True), "until_day": Bounds(1, 365, whole=True), **_QUIET},
        armable=True,
    ),
    "prescribed_late": Condition(
        "{pills} or more prescribed pain pills in a day; said once in {quiet_days} days",
        LooksAt.MEDICATION,
        frozenset({"pills", "day"}),
        {"pills": Bounds(1, 20, whole=True), **_QUIET},
        armable=True,
    ),
    "pills_rising": Condition(
        "{more} pills or more above the mean of the 7 answers before (at least {usual_from} of them), {times} answers "
        "in a row; said once in {quiet_days} days",
        LooksAt.MEDICATION,
        frozenset({"pills", "usual", "times"}),
        {
            "more": Bounds(1, 20),
            "times": Bounds(2, 7, whole=True),
            "usual_from": Bounds(1, 7, whole=True),
            **_QUIET,
        },
        armable=True,
    ),
    "too_much_acetaminophen": Condition(
        "the over-the-counter pills of a day, each counted as {mg_a_pill} mg, make more than {mg_a_day} mg",
        LooksAt.MEDICATION,
        frozenset({"pills", "mg"}),
        {"mg_a_pill": Bounds(80, 1000, whole=True), "mg_a_day": Bounds(1000, 4000, whole=True)},
        least_urgent=Tier.TODAY,
    ),
    "thinner_not_restarted": Condition(
        "on the day that the doctor named for it the patient answers that a blood thinner was not started again, or by "
        "the end of day {days_after} after it nobody has answered that it was",
        LooksAt.EVENT,
        frozenset({"restart", "said"}),
        {"days_after": Bounds(0, 7, whole=True)},
        once=True,
        least_urgent=Tier.TODAY,
    ),
    "missed_check_ins": Condition(_MISSED_MEAN, LooksAt.SILENCE, frozenset({"missed", "last"}), _MISSED),
    "missed_after_concern": Condition(
        f"{_MISSED_MEAN}, after pain of {{last_pain}} or more or while a flag is open",
        LooksAt.SILENCE,
        frozenset({"missed", "last", "concern"}),
        {**_MISSED, "last_pain": _PAIN},
    ),
    "missed_after_jump": Condition(
        "{missed} check-ins missed in a row, after a last answer {above_usual} or more above the usual",
        LooksAt.SILENCE,
        frozenset({"missed", "pain", "usual"}),
        {"missed": _DAYS, "above_usual": Bounds(2, 10)},
    ),
    "low_mood": Condition(
        "a PHQ-2 of {score} or more",
        LooksAt.EVENT,
        frozenset({"score"}),
        {"score": Bounds(1, 6, whole=True)},
        once=True,
    ),
    "visit_missed": Condition("a visit was not kept", LooksAt.EVENT, frozenset(), once=True),
    "texts_not_arriving": Condition(
        "two texts in a row did not arrive", LooksAt.EVENT, frozenset(), once=True, least_urgent=Tier.TODAY
    ),
}
