"""The clinic's own course is read from its patients, each once, and never from the synthetic one."""

from datetime import timedelta

from recovery_api.domain.recovery_band import ENOUGH, PUBLISHED
from recovery_api.services.keep_synthetic import keep_synthetic
from recovery_api.services.read_band import read_band, read_figures
from tests.builders import ClockHand, PatientPersona, make_patient, record


def test_every_patient_counts_once_in_a_window(ann: PatientPersona, clock: ClockHand) -> None:
    other = make_patient(
        ann.clinic, phone="+12125550143", baseline_pain=10, performed_on=clock.now.date() - timedelta(days=7)
    )
    record(ann, 7)  # on day 5, all of a pain of 7
    record(other, 4, days_ago=1)
    record(other, 6)  # on days 6 and 7, half of a pain of 10
    with ann.clinic.open() as scope:
        keep_synthetic(scope, clock.now)
        [figures] = [one for one in read_figures(scope) if one.day == 7]
        band = read_band(scope, 7, clock.now.date())
    assert (figures.patients, figures.share_left) == (2, 0.75)
    assert abs(figures.spread - 2**0.5) < 1e-6
    assert figures.patients < ENOUGH
    assert band is PUBLISHED
