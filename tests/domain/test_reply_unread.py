"""What a reply says beyond what was understood: a person has to read it, and plain answers need nobody."""

import pytest

from recovery_api.domain.replies import Reply
from recovery_api.domain.reply_dangers import Dangers
from recovery_api.domain.reply_lexicon import Lexicon
from recovery_api.domain.reply_unread import UnreadReader
from recovery_api.packs.reading import LANGUAGES, language_pack, reply_reader
from tests.domain.reply_figures import Labelled, labelled

LEXICON = Lexicon({language: language_pack(language) for language in LANGUAGES})
BLIND = labelled("replies_blind.csv")


def read(text: str, question: str = "pain") -> Reply:
    return reply_reader().read(text, question)


def dangers_in_words() -> list[Labelled]:
    """The dangers of the blind batches that are told in words, not by the letters of the question."""
    return [
        label for label in BLIND if label.tier in ("emergency", "urgent") and len(label.text) > len("B since lunch")
    ]


def test_of_dangers_that_no_pattern_knew_nineteen_in_twenty_would_still_reach_a_person() -> None:
    unread = UnreadReader(LEXICON)
    seen = [
        unread.says_more(LEXICON.read(label.text, "en"), Dangers(), scored=label.pain != "")
        for label in dangers_in_words()
    ]
    assert len(seen) > 350
    assert sum(seen) >= 0.95 * len(seen)


def test_three_in_four_scores_among_harmless_words_need_nobody() -> None:
    harmless = [label for label in BLIND if label.pain and label.tier not in ("emergency", "urgent")]
    assert sum(label.read().unread for label in harmless) <= 0.25 * len(harmless)


@pytest.mark.parametrize("text", ["4", "4 thanks nurse", "no fever no chills 3", "slept well, 2", "un 4 gracias", "N"])
def test_a_plain_answer_needs_nobody(text: str) -> None:
    assert not read(text).unread


@pytest.mark.parametrize("text", ["banana", "it is like a zoo in there", "se me hace bolas todo"])
def test_strange_words_without_a_score_are_read_by_a_person(text: str) -> None:
    assert read(text).unread
    assert read(text).because.endswith("Not all of it was understood.")


def test_beside_a_score_one_word_of_the_body_or_two_of_any_kind_are_more() -> None:
    assert not read("4 says Eleanor").unread
    assert read("4 says Eleanor Quibblethwaite").unread
    assert read("4 my elbow").unread


@pytest.mark.parametrize(
    "text", ["pain 3, the chest pain went away", "what if my legs go numb", "had a fever last month. 3"]
)
def test_a_danger_that_is_held_to_be_over_feared_or_past_is_read_by_a_person(text: str) -> None:
    assert (read(text).tier, read(text).unread) == (None, True)


def test_what_calls_for_a_tier_is_flagged_and_not_unread() -> None:
    assert not read("cant feel my legs and the zebra is blue").unread


def test_many_plain_words_of_which_nothing_was_made_are_read_by_a_person() -> None:
    assert read("it was good and then it was bad and now it is what it is").unread
    assert not read("about the same as yesterday").unread


def test_a_letter_that_nothing_was_made_of_is_read_by_a_person() -> None:
    assert [read(text, "symptoms").unread for text in ("plan B, none of those", "no, vitamin D", "no b no d")] == [
        True,
        True,
        False,
    ]
    assert read("N but F", "pain").unread
