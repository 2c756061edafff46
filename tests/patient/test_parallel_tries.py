"""Many tries at one link at the same time: five are looked at, and one session is begun."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from recovery_api.services.open_web_check_in import TRIES_OF_YEAR, Opened, open_link
from tests.builders import ClockHand, make_clinic, make_patient
from tests.patient.conftest import new_link


def all_at_once(app: Flask, clock: ClockHand, years: list[int]) -> list[Opened]:
    """What came of opening one fresh link with each of these years."""
    patient = make_patient(make_clinic(app))
    secret = new_link(patient).rpartition("/")[2]

    def try_one(year: int) -> Opened | None:
        with app.app_context():
            return open_link(secret, year, "en", patient.clinic.wiring.vaults, clock.now)

    with ThreadPoolExecutor(8) as threads:
        return [opened for opened in threads.map(try_one, years) if opened is not None]


def test_of_forty_guesses_at_once_five_are_looked_at(app: Flask, clock: ClockHand) -> None:
    opened = all_at_once(app, clock, [1900 + number for number in range(40)])
    assert sorted(one.tries_left for one in opened) == list(range(TRIES_OF_YEAR))


def test_of_twelve_right_years_at_once_one_opens(app: Flask, clock: ClockHand) -> None:
    opened = all_at_once(app, clock, [1948] * 12)
    assert len([one for one in opened if one.session]) == len(opened) == 1
