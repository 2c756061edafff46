"""The expected band: published until the clinic's own patients are enough, and always labelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.recovery_band import ENOUGH, PUBLISHED, WINDOWS, WindowFigures, band_up_to
from recovery_api.domain.trajectory import expected_band

OWN = [WindowFigures(stands, ENOUGH + place, 0.5, 2.0) for place, (_, _, stands) in enumerate(WINDOWS)]


def test_without_enough_patients_the_published_course_stands_and_says_so():
    for figures in ([], OWN[1:], [*OWN[:3], WindowFigures(14, ENOUGH - 1, 0.5, 2.0)]):
        band = band_up_to(20, figures)
        assert (band, band.patients) == (PUBLISHED, None)
        assert "VERTOS" in band.source
        assert band.edges(7, 8) == expected_band(7, 8)


def test_with_enough_the_clinics_own_course_stands_with_how_many_they_are():
    band = band_up_to(20, OWN)
    assert (band.patients, band.edges(7, 8)) == (ENOUGH, (2.0, 6.0))
    assert f"at least {ENOUGH} of them" in band.source
    assert band.edges(0, 8) == (8.0, 8.0)


def test_only_the_windows_up_to_the_day_must_be_full():
    assert band_up_to(4, OWN[:2]).patients == ENOUGH
    assert band_up_to(5, OWN[:2]) is PUBLISHED


def test_between_two_windows_the_band_is_a_straight_line():
    figures = [WindowFigures(1, ENOUGH, 0.8, 2.0), WindowFigures(3, ENOUGH, 0.4, 1.0)]
    low, high = band_up_to(3, figures).edges(2, 10)
    assert (low, high) == (pytest.approx(4.5), pytest.approx(7.5))


@given(st.integers(-5, 500), st.integers(0, 10), st.integers(1, 400))
def test_the_band_lies_on_the_scale(day, baseline, last_day):
    low, high = band_up_to(last_day, OWN).edges(day, baseline)
    assert 0 <= low <= high <= 10
