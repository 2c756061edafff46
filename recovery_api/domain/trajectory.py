"""One patient's own pain course: a reference that follows the recovery, and an alarm when pain stays above it."""

from dataclasses import dataclass
from math import exp, sqrt
from typing import NamedTuple

BAND_SOURCE = (
    "Mean course of vertebroplasty patients in the VERTOS II (2010) and VERTOS IV (2018) trials, "
    "plus and minus one standard deviation between patients. A picture for orientation, never an alarm."
)
_USUAL_BASELINE = 7.7  # mean pain before vertebroplasty in VERTOS II and IV
_PAIN_LEFT = 0.35  # share of the pain before the procedure that stays, mean of both trials at 3 to 12 months
_LATE_SHARE = 0.40  # share of the fall that is still to come after the first day
_FADES_IN_DAYS = 16.0
_BETWEEN_PATIENTS = 2.5  # standard deviation after the procedure: 2.4 to 2.9 in the trials


@dataclass(frozen=True, slots=True)
class Detector:
    """The numbers of the detector: protocol values of a rule pack, in points of pain unless said otherwise."""

    slack: float  # standard deviations that each answer may lie above the usual without counting
    limit: float  # standard deviations, summed, at which the alarm is raised
    gap: float  # least distance of the quick average from the usual for an alarm
    step_floor: float  # standard deviations: one answer counts no less
    step_cap: float  # standard deviations: one answer counts no more
    rise_rate: float  # share of the distance by which the usual follows a higher answer
    fall_rate: float  # share of the distance by which the usual follows a lower answer
    early_fall_rate: float  # what is added to it at the first answers, while the recovery is steep
    early_answers: float  # answers: the addition fades by this constant
    quick_rate: float  # share of the distance by which the quick average follows any answer
    own_noise: float  # weight of the patient's own day-to-day variance, the rest goes to prior_variance
    prior_variance: float  # squared points
    noise_memory: float  # share of the own variance that is kept at each answer
    noise_cap: float  # squared points: one jump counts no more
    room_share: float  # of the points that are left up to 10: near the top, so much distance is enough for an alarm
    rest_weight: float  # what is added to the weight of an answer after days without one, which says more by itself
    rest_days: float  # days without an answer: the addition grows by this constant
    first_answer: int  # answers: the sum starts with this one
    first_day: int  # days since the procedure: no alarm before


class Trend(NamedTuple):
    """An alarm: pain has stayed `above` points over the `usual` for this many `answers`."""

    usual: float
    above: float
    answers: int
    pressure: float


def _fall_rate(rules: Detector, answers: int) -> float:
    rate = rules.fall_rate + rules.early_fall_rate * exp(-answers / rules.early_answers)
    return 1.0 if rate > 1.0 else rate


def _weight(rules: Detector, days_without: int) -> float:
    """Pain of one day resembles that of the day before: after days without an answer the next one tells more."""
    return 1 + rules.rest_weight * (1 - exp(-days_without / rules.rest_days))


class Reference(NamedTuple):
    """What is known of one patient's usual pain after a number of answers; a value, never changed in place.

    The alarm is a one-sided CUSUM (Page 1954) of the answers above a personal reference that falls quickly and rises
    slowly, in units of the patient's own day-to-day noise. Tuned on synthetic diaries, never on patients.
    """

    detector: Detector
    answers: int = 0
    usual: float = 0.0
    quick: float = 0.0
    last: int = 0
    variance: float = 0.0
    pressure: float = 0.0
    run: int = 0
    last_day: int = 0

    @property
    def noise(self) -> float:
        """The patient's own day-to-day noise, one standard deviation in points."""
        rules = self.detector
        return sqrt(rules.own_noise * self.variance + (1 - rules.own_noise) * rules.prior_variance)

    def advance(self, pain: int, day: int | None = None, *, armed: bool = True) -> tuple["Reference", Trend | None]:
        """The reference after one more answer (0 to 10), and the alarm that this answer raises.

        Without its `day` since the procedure, an answer counts as that of the day after the last one. While not
        `armed` the sum keeps growing, so that a rise seen early is not forgotten.
        """
        rules, answers, before, quick, last, variance, pressure, run, last_day = self  # fast on purpose
        day = last_day + 1 if day is None else day
        pain = 0 if pain < 0 else 10 if pain > 10 else pain
        if not answers:
            return Reference(rules, 1, float(pain), float(pain), pain, rules.prior_variance, last_day=day), None
        above = pain - before
        if answers + 1 >= rules.first_answer:
            own = rules.own_noise
            step = above / sqrt(own * variance + (1 - own) * rules.prior_variance)  # as in `noise`
            step = (rules.step_floor if step < rules.step_floor else min(step, rules.step_cap)) - rules.slack
            pressure += step if day <= last_day + 1 else step * _weight(rules, day - last_day - 1)
            run = run + 1 if pressure > 0 else 0
            pressure = pressure if run else 0.0
        quick += rules.quick_rate * (pain - quick)
        trend = None
        if armed and pressure >= rules.limit and quick - before >= min(rules.gap, rules.room_share * (10 - before)):
            trend = Trend(before, quick - before, run, pressure)
            pressure, run = 0.0, 0
        jump, memory = (pain - last) ** 2 / 2, rules.noise_memory
        variance = memory * variance + (1 - memory) * (rules.noise_cap if jump > rules.noise_cap else jump)
        usual = before + (rules.rise_rate if above >= 0 else _fall_rate(rules, answers)) * above
        return Reference(rules, answers + 1, usual, quick, pain, variance, pressure, run, day), trend


def expected_band(day: int, baseline_pain: int | None) -> tuple[float, float]:
    """Lower and upper edge of the published course (see BAND_SOURCE), in points, for a day since the procedure.

    Before day 1 both edges are the pain before the procedure. Without a baseline the trials' mean stands in.
    """
    baseline = _USUAL_BASELINE if baseline_pain is None else float(baseline_pain)
    if day < 1:
        return baseline, baseline
    final = _PAIN_LEFT * baseline
    mean = final + (baseline - final) * _LATE_SHARE * exp(-day / _FADES_IN_DAYS)
    return round(max(mean - _BETWEEN_PATIENTS, 0.0), 1), round(min(mean + _BETWEEN_PATIENTS, 10.0), 1)
