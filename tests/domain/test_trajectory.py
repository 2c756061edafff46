"""The personal reference: recovery is followed, noise is borne, a lasting rise is found."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.trajectory import Detector, Reference, Trend, expected_band
from recovery_api.packs.rule_pack import rule_pack

SHIPPED = rule_pack().detector
EAGER = replace(SHIPPED, limit=2.5, gap=0.5, own_noise=0.6, early_fall_rate=0.9, noise_cap=2.0, first_answer=4)
PAINS = st.lists(st.integers(0, 10), max_size=120)


def follow(pains: list[int], detector: Detector = SHIPPED, armed_from: int = 0) -> list[Trend | None]:
    reference, trends = Reference(detector), []
    for number, pain in enumerate(pains):
        reference, trend = reference.advance(pain, armed=number >= armed_from)
        trends.append(trend)
    return trends


def usual_after(pains: list[int]) -> float:
    reference = Reference(SHIPPED)
    for pain in pains:
        reference, _ = reference.advance(pain)
    return reference.usual


def by_hand(pains: list[int], d: Detector) -> list[bool]:
    """The detector written down again, step by step, as a check on the shipped one."""
    ref = fast = last = c = 0.0
    v = d.prior_variance
    alarms = []
    for n, p in enumerate(pains, 1):
        if n == 1:
            ref = fast = last = p
            alarms.append(False)
            continue
        if n >= d.first_answer:
            sd = math.sqrt(d.own_noise * v + (1 - d.own_noise) * d.prior_variance)
            c = max(0, c + min(max((p - ref) / sd, d.step_floor), d.step_cap) - d.slack)
        fast += d.quick_rate * (p - fast)
        alarms.append(c >= d.limit and fast - ref >= d.gap)
        c = 0 if alarms[-1] else c
        v = d.noise_memory * v + (1 - d.noise_memory) * min((p - last) ** 2 / 2, d.noise_cap)
        last = p
        down = min(d.fall_rate + d.early_fall_rate * math.exp((1 - n) / d.early_answers), 1)
        ref += (down if p < ref else d.rise_rate) * (p - ref)
    return alarms


def test_a_lasting_rise_of_three_points_raises_one_alarm_at_the_third_answer():
    trends = follow([4, 3, 4, 3, 3, 4, 3, 3, 6, 7, 6])
    assert [trend is not None for trend in trends] == [False] * 10 + [True]


def test_three_worse_days_in_a_steady_patient_raise_the_alarm_and_two_do_not():
    assert not any(follow([3] * 20 + [5, 5]))
    assert follow([3] * 20 + [5, 5, 5])[-1] is not None


def test_the_alarm_says_how_far_above_the_usual_and_for_how_many_answers():
    trend = follow([3, 3, 3, 3, 3, 3, 7, 7, 7])[-1]
    assert trend is not None
    assert trend.answers == 3
    assert trend.usual == pytest.approx(7 - 4 * (1 - SHIPPED.rise_rate) ** 2)
    assert trend.above == pytest.approx(7 - 4 * (1 - SHIPPED.quick_rate) ** 3 - trend.usual)


def test_one_bad_day_raises_nothing():
    assert not any(follow([4, 3, 3, 3, 3, 3, 8, 3, 3, 3, 3]))


def test_a_patient_who_recovers_raises_nothing():
    assert not any(follow([8, 6, 6, 5, 5, 4, 4, 3, 4, 3, 3, 3, 2, 3, 2, 2, 2, 2]))


def test_a_patient_whose_pain_has_always_been_strong_raises_nothing():
    assert not any(follow([8, 9, 8, 8, 9, 8, 8, 8, 9, 8, 8, 8]))


def test_a_slow_rise_over_three_weeks_is_found():
    assert any(follow([3] * 10 + [3, 4, 3, 4, 4, 4, 5, 4, 5, 5, 5, 6, 5, 6, 6]))


def test_the_usual_falls_faster_than_it_rises_and_fastest_while_the_recovery_is_steep():
    late = [5] * 90
    early_fall, late_fall = 5 - usual_after([5, 4]), 5 - usual_after([*late, 4])
    assert usual_after([*late, 6]) == pytest.approx(5 + SHIPPED.rise_rate)
    assert late_fall == pytest.approx(SHIPPED.fall_rate, abs=1e-3)
    assert early_fall > 2 * late_fall > 2 * SHIPPED.rise_rate


def test_while_not_armed_a_rise_is_kept_in_mind_and_found_afterwards():
    pains = [2, 2, 2, 8, 8, 8, 8]
    assert [trend is not None for trend in follow(pains[:6])] == [False] * 5 + [True]
    assert [trend is not None for trend in follow(pains, armed_from=6)] == [False] * 6 + [True]


def test_scores_outside_the_scale_count_as_its_ends():
    assert usual_after([77]) == 10.0
    assert usual_after([-3]) == 0.0


def test_a_single_point_more_is_no_alarm_even_in_a_patient_who_never_varies():
    pains = [3] * 60 + [4] * 10
    assert follow(pains) == [None] * 70


@given(st.lists(st.integers(0, 10), max_size=120), st.sampled_from([SHIPPED, EAGER]))
def test_alarms_are_those_of_the_steps_done_by_hand(pains, detector):
    assert [trend is not None for trend in follow(pains, detector)] == by_hand(pains, detector)


@given(PAINS)
def test_no_alarm_before_the_third_answer_and_the_usual_stays_on_the_scale(pains):
    assert not any(follow(pains)[:2])
    assert 0 <= usual_after(pains) <= 10


@given(st.lists(st.booleans(), max_size=200), st.integers(0, 9))
def test_a_patient_who_varies_by_one_point_never_raises_an_alarm(ups, low):
    assert not any(follow([low + up for up in ups]))


@given(st.lists(st.integers(0, 7), min_size=6, max_size=40))
def test_an_advance_never_changes_the_reference_it_started_from(pains):
    reference = Reference(SHIPPED)
    for pain in pains:
        before = tuple(reference)
        after, _ = reference.advance(pain)
        assert tuple(reference) == before
        reference = after


def test_the_expected_band_starts_at_the_baseline_and_falls_as_in_the_trials():
    assert expected_band(0, 8) == (8.0, 8.0)
    middles = {day: sum(expected_band(day, 8)) / 2 for day in (1, 7, 30, 90, 365)}
    published = {1: 4.5, 7: 3.9, 30: 2.9, 90: 2.6, 365: 2.5}  # VERTOS II and IV, baseline 7.7 to 7.8
    assert all(abs(middles[day] - published[day]) <= 0.6 for day in published)


def test_without_a_baseline_the_trials_mean_stands_in():
    assert expected_band(5, None) == pytest.approx(expected_band(5, 8), abs=0.3)


@given(st.integers(-400, 4000), st.one_of(st.none(), st.integers(0, 10)))
def test_the_expected_band_is_a_band_on_the_scale(day, baseline):
    low, high = expected_band(day, baseline)
    assert 0 <= low <= high <= 10
