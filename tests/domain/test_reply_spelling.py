"""Typing errors: one slip of the finger is seen through, a real word is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.reply_spelling import Spelling
from recovery_api.packs.reading import reply_reader

READER = reply_reader()

WORDS = {"fever": 3, "weak": 2, "numb": 2, "number": 1, "breathe": 2, "legs": 3}


@pytest.fixture
def spelling() -> Spelling:
    return Spelling(WORDS, ["never", "fewer", "week", "lets"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("fevr", "fever"),
        ("feever", "fever"),
        ("fevre", "fever"),
        ("feber", "fever"),
        ("brethe", "breathe"),
        ("nmb", "numb"),
    ],
)
def test_one_slip_is_seen_through(spelling: Spelling, typed: str, meant: str) -> None:
    assert spelling.correct(typed) == meant


@pytest.mark.parametrize("typed", ["never", "fewer", "week", "lets", "lg", "fvr", "banana", "zever"])
def test_real_words_short_words_and_strangers_are_left_alone(spelling: Spelling, typed: str) -> None:
    assert spelling.correct(typed) is None


def test_a_letter_left_out_is_likelier_than_one_too_many(spelling: Spelling) -> None:
    assert spelling.correct("numbe") == "number"


def test_of_two_words_equally_near_the_weightier_was_meant() -> None:
    assert Spelling({"cart": 1, "card": 5}, []).correct("carf") == "card"
    assert Spelling({"cart": 5, "card": 1}, []).correct("carf") == "cart"


@given(st.sampled_from(["chest", "breathing", "bleeding", "fever", "numbness", "wound"]), st.data())
def test_swapped_letters_hide_no_danger(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 2))
    typed = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    sentences = {
        "chest": "{} pain", "breathing": "trouble {}", "bleeding": "{} won't stop", "fever": "I have a {}",
        "numbness": "{} in my legs", "wound": "my {} is red",
    }  # fmt: skip
    assert READER.read(sentences[word].format(typed)).tier in ("emergency", "urgent")


def test_words_run_together_are_taken_apart() -> None:
    assert READER.read("nopain", "pain").pain == 0
    assert READER.read("chestpain").tier == "emergency"
    assert READER.read("cantbreathe").tier == "emergency"


def test_a_score_is_never_guessed_from_a_short_mistyped_word() -> None:
    for typed in ("noe", "oen", "tne", "sx"):
        assert READER.read(typed, "pain").pain is None


def test_a_strange_word_is_read_as_the_known_one_with_another_ending() -> None:
    spelling = Spelling({"hacking": 2, "swollen": 1, "footing": 1}, ["hacker"], ["ing", "ed", "s", "er"])
    assert [spelling.correct(word) for word in ("hacked", "hacks", "hacker", "haunted")] == ["hacking"] * 2 + [None] * 2
    assert READER.read("tengo la pantorrilla hinchadota", "any").tier == "urgent"


def test_a_drawn_out_word_is_drawn_in() -> None:
    assert READER.read("my feeeeet are nummmmb", "any").tier == "emergency"
    assert Spelling({"feet": 1}, []).correct("zzzz") is None
