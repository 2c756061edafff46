"""Total silence: few questions are enough where patients answer, and chance alone raises no alarm."""

import random

import pytest

from recovery_api.domain.clinic_silence import CHANCE, LEAST_ASKED, MOST, USUAL_SHARES, is_silent, own_shares


@pytest.mark.parametrize(("share", "enough"), [(0.5, 10), (0.66, 7), (0.8, 5), (0.87, 4), (0.9, 3), (MOST, 3)], ids=str)
def test_the_more_patients_answer_the_fewer_questions_are_enough(share: float, enough: int) -> None:
    shares = (0.0, 0.0, share)
    assert is_silent((0, 0, enough), shares)
    assert not is_silent((0, 0, enough - 1), shares)


def test_fewer_than_three_are_never_enough_and_a_young_question_counts_less_than_an_old_one() -> None:
    assert LEAST_ASKED == 3
    assert not is_silent((0, 0, 2), (0.99, 0.99, 0.99))
    assert is_silent((0, 0, 6), (*USUAL_SHARES[:2], 0.8))
    assert not is_silent((6, 0, 0), (*USUAL_SHARES[:2], 0.8))


def test_a_clinic_of_which_little_is_known_has_the_usual_shares_and_none_is_trusted_beyond_its_bound() -> None:
    assert own_shares(0, (0, 0, 0)) == USUAL_SHARES
    assert own_shares(1000, (1000, 1000, 1000)) == (MOST, MOST, MOST)
    assert own_shares(1000, (0, 0, 0))[0] < 0.01, "where nobody ever answers, silence says nothing"


def test_chance_alone_raises_no_more_alarms_than_it_may() -> None:
    """Small clinics whose patients answer independently, by shares that are learned from their own four weeks."""
    drawn, alarms, rounds = random.Random(7), 0, 20_000
    for _ in range(rounds):
        people, share = drawn.randint(3, 12), drawn.uniform(0.3, 0.97)
        asked = people * 28
        answered = round(asked * share)
        shares = own_shares(asked, (answered,) * 3)
        nobody = all(drawn.random() >= share for _ in range(people))
        alarms += nobody and is_silent((0, 0, people), shares)
    assert alarms / rounds <= CHANCE
