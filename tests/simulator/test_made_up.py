"""The demo's patients: the same for the same seed, in both languages, with every course and every kind of trouble."""

from datetime import date

import pytest

from recovery_api.simulator.made_up import FATES, MadeUpPatient, made_up_patients

MONDAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def patients() -> list[MadeUpPatient]:
    """The demo's own sixty."""
    return made_up_patients(60, 1, MONDAY)


def test_the_same_seed_and_day_make_the_same_patients(patients: list[MadeUpPatient]) -> None:
    assert made_up_patients(60, 1, MONDAY) == patients
    assert made_up_patients(60, 2, MONDAY) != patients


def test_both_languages_and_both_sexes_are_among_them(patients: list[MadeUpPatient]) -> None:
    assert {one.language for one in patients} == {"en", "es"}
    assert {one.sex for one in patients} == {"female", "male"}


def test_every_kind_of_trouble_is_among_them_and_most_are_well(patients: list[MadeUpPatient]) -> None:
    fates = [one.fate for one in patients if one.fate]
    assert sorted(fates) == sorted(fate.name for fate in FATES)
    assert {"weakness", "fever", "severe", "climbs", "silent", "landline", "opted_out", "steady"} <= set(fates)
    assert len(fates) < len(patients) / 2


def test_their_days_fill_a_year_and_their_phones_are_made_up_and_their_own(patients: list[MadeUpPatient]) -> None:
    assert min(one.days_ago for one in patients) <= 14
    assert max(one.days_ago for one in patients) >= 180
    assert len({one.phone for one in patients}) == len({(one.given_name, one.family_name) for one in patients}) == 60
    assert all(one.phone[5:9] == "5550" or one.phone[5:8] == "555" for one in patients)
    assert all(0 <= answer.pain <= 10 for one in patients for answer in one.answers)
