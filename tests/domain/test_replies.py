"""The reply reader against labelled replies, and what must hold for every text there can be."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recovery_api.domain.replies import QUESTIONS, Reply
from recovery_api.domain.reply_lexicon import Lexicon
from recovery_api.domain.reply_patterns import PatternIndex, PatternSet, named_patterns
from recovery_api.packs.reading import LANGUAGES, language_pack, reply_reader
from tests.domain.reply_figures import Figures, figures, labelled, personal_texts
from tests.fuzz.reply_promises import INTENTS, QUESTIONS_AND_OTHERS, broken_promise

EXAMPLES, CORPUS, BATCHES = "replies_examples.csv", "replies_corpus.csv", "replies_batches.csv"
BLIND = "replies_blind.csv"
HELD = "replies_held.csv"  # nothing is mended for it, so that it goes on telling how a stranger's words are read
FIRST_SIGHT = {
    "silent misread": 0, "missed flag": 7, "nobody looks": 1, "false flag": 11, "needless question": 4,
    "opt_out wrong": 1,
}  # fmt: skip
PIECES = (
    "7", "10", "no", "not", "my", "legs", "numb", "can't", "feel", "pain", "is", "a", "5-6", "/", ",", ".", "?", "+",
    "fever", "or", "stop", "now", "was", "A", "N", "de", "y", "1O",
)  # fmt: skip


def read(text: str, question: str = "pain", language: str = "en") -> Reply:
    return reply_reader().read(text, question, language)


@pytest.fixture(scope="module", params=[EXAMPLES, CORPUS, BATCHES, BLIND])
def result(request: pytest.FixtureRequest) -> Figures:
    return figures(request.param)


def test_no_wrong_score_is_saved_in_silence(result: Figures, record_property: Callable[[str, object], None]) -> None:
    record_property("replies", (result.line(), result.table()))
    assert result.counts["silent misread"] == 0, result.table()


def test_no_emergency_or_urgent_word_is_missed(result: Figures) -> None:
    assert result.counts["missed flag"] == 0, result.table()


def test_no_danger_is_left_unseen(result: Figures) -> None:
    assert result.counts["nobody looks"] == 0, result.table()


def test_at_most_one_in_a_hundred_harmless_replies_raises_a_flag(result: Figures) -> None:
    assert result.share("false flag") <= 0.01, result.table()


def test_at_most_one_in_twenty_scores_is_asked_for_again(result: Figures) -> None:
    assert result.share("needless question") <= 0.05, result.table()


def test_a_wish_to_stop_is_never_missed_and_never_invented(result: Figures) -> None:
    assert result.counts["opt_out wrong"] == 0, result.table()


def test_the_held_replies_are_read_no_worse_than_at_first_sight() -> None:
    found = figures(HELD)
    assert [name for name, most in FIRST_SIGHT.items() if found.counts[name] > most] == [], found.table()


@pytest.mark.parametrize("name", [EXAMPLES, CORPUS])
def test_every_labelled_reply_is_read_exactly(name: str) -> None:
    found = figures(name)
    assert found.counts["exact"] == found.of["exact"], found.table()


def test_what_dictation_mishears_is_a_danger_all_the_same() -> None:
    assert [read(t).tier for t in ("I can't feel my feat", "my lags are weak", "trouble breeding", "chest pane")] == (
        ["emergency"] * 4
    )
    assert [read(t).tier for t in ("we played chess", "what a feat", "dumb luck 3")] == [None] * 3


def test_a_word_of_the_legs_bladder_or_breath_that_nothing_explains_is_asked_about_at_once() -> None:
    assert read("my feet are wrapped in fog today").symptoms == {"leg_weakness"}
    assert read("something odd with my pee").symptoms == {"bladder_bowel"}
    assert [read(t).tier for t in ("my feet are cold 3", "breathing is fine 3", "put my legs up 3")] == [None] * 3


def test_what_is_over_raises_no_flag_but_what_goes_on_does() -> None:
    assert read("ya se me quito la fiebre. 3").tier is None
    assert read("my leg was asleep but it's fine now, 3").tier is None
    assert read("stopped bleeding").tier is None
    assert read("hasn't stopped bleeding").tier in ("urgent", "emergency")
    assert read("no puedo respirar bien").tier == "emergency"


def test_neither_the_number_of_a_house_nor_the_scale_is_a_score() -> None:
    for text in ("my house number is 9", "svn out of ten", "control over number 2", "my grandson is 8"):
        assert read(text).pain is None
    assert read("got up at 6, my sister came around 10, the back is maybe a 4 I guess").pain == 4
    assert [read(t).pain for t in ("not a 7, a 4", "5 now 3 earlier", "fiveish")] == [4, 5, 5]


def test_the_number_of_something_else_is_no_score() -> None:
    for text in (
        "my hose number is 9",
        "bus number 3",
        "its only 7 in the morning",
        "she gets back at 5",
        "11 de la mañana",
    ):
        assert read(text).pain is None, text
    assert [read(t).pain for t in ("my number is 6", "mi numero es el 6", "perdon es 8 no 3", "make it 9")] == [
        6,
        6,
        8,
        9,
    ]


def test_a_cry_behind_a_danger_never_takes_it_back() -> None:
    for text in (
        "quiero morirme ya se me paso",
        "me quiero matar ya no aguanto",
        "no siento las piernas ya no puedo mas",
    ):
        assert read(text).tier == "emergency"
    assert read("tengo fiebre ya no aguanto").tier == "urgent"
    assert read("tengo los pies bien dormidos").tier == "emergency"


def test_the_fall_or_fever_of_somebody_else_raises_no_flag_but_that_of_the_patient_does() -> None:
    for text in ("my brother in law had a fall, 4", "se me cayo el celular, 3", "mi nieto tiene fiebre, yo 5"):
        assert read(text).tier is None, text
    for text in ("my mother in law fell", "mi mama tiene fiebre", "me cai la nieta me levanto", "se me cae el pie"):
        assert read(text).tier in ("urgent", "emergency"), text


def test_the_index_hides_no_pattern_that_a_text_holds() -> None:
    packs = {language: language_pack(language) for language in LANGUAGES}
    lexicon = Lexicon(packs)
    patterns = PatternSet(PatternIndex(lexicon), named_patterns(packs, "harmless", "confirm", "opt_out", "pain_free"))
    labels = [label.text for label in labelled(BLIND)[:150]]
    found = [(patterns.search(codes), codes) for codes in (lexicon.read(text, "en").codes for text in labels)]
    assert sum(len(matches) for matches, _ in found) > 20
    assert all(matches == patterns.search(codes, possible=-1) for matches, codes in found)


def test_the_corpus_is_large_and_in_both_languages() -> None:
    replies = [read(text, "any") for text in personal_texts()]
    assert figures(CORPUS).of["exact"] >= 400
    assert {reply.language for reply in replies} == {"en", "es"}


def test_personal_texts_are_not_taken_for_pain_scores() -> None:
    scores = [text for text in personal_texts() if read(text, "any").pain is not None]
    assert len(scores) <= 0.005 * len(personal_texts()), scores


def test_personal_texts_raise_hardly_any_flag() -> None:
    flagged = [text for text in personal_texts() if read(text, "any").tier in ("emergency", "urgent")]
    assert len(flagged) <= 0.01 * len(personal_texts()), flagged


def test_personal_texts_never_end_the_texts() -> None:
    ended = [t for t in personal_texts() if read(t, "any").intent in ("opt_out", "deceased", "wrong_person")]
    assert ended == []


texts = st.one_of(
    st.text(max_size=200),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "So", "Nd", "Mn", "Zs", "Po"]), max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
)


@settings(max_examples=500)
@given(texts, st.sampled_from(QUESTIONS_AND_OTHERS), st.integers(0, 9))
def test_any_text_at_all_is_read_and_a_danger_behind_it_never_lowers_the_tier(
    text: str, question: str, danger: int
) -> None:
    assert broken_promise(text, question, danger) is None


@settings(max_examples=200)
@given(texts, st.sampled_from(QUESTIONS))
def test_the_same_text_is_always_read_the_same(text: str, question: str) -> None:
    assert read(text, question) == read(text, question)


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "7\x00",
        "\ud800",
        "7 \udfff",
        "👨‍👩‍👧‍👦" * 1600,
        "7 " * 50_000,
        "no " * 33_000,
        "a" * 100_000,
        "(" * 5000,
    ],
)
def test_hostile_texts_are_read_too(text: str) -> None:
    assert read(text, "any").intent in INTENTS


def test_a_danger_at_the_end_of_an_endless_text_is_still_seen() -> None:
    assert read("well " * 30_000 + "and now I can't feel my legs", "any").tier == "emergency"


def test_digits_never_answer_the_symptom_question() -> None:
    for digit in range(11):
        reply = read(str(digit), "symptoms")
        assert (reply.pain, reply.symptoms, reply.tier) == (digit, frozenset(), None)


def test_a_letter_answers_the_symptom_question_even_when_it_comes_late() -> None:
    assert read("B", "pain").symptoms == {"bladder_bowel"}
    assert read("a, c", "any").symptoms == {"leg_weakness", "fever"}


def test_a_stop_with_a_danger_in_it_does_both() -> None:
    reply = read("stop texting me I can't feel my legs", "any")
    assert (reply.intent, reply.tier) == ("opt_out", "emergency")


def test_a_stop_with_a_score_in_it_keeps_the_score() -> None:
    assert (read("8 stop").intent, read("8 stop").pain) == ("opt_out", 8)


def test_a_fix_is_a_correction_whatever_question_is_open() -> None:
    for question in QUESTIONS:
        reply = read("FIX 5", question)
        assert (reply.pain, reply.pain_is_correction) == (5, True)


def test_a_slip_that_is_put_right_at_once_is_a_correction() -> None:
    assert read("sorry meant 3").pain_is_correction
    assert not read("3").pain_is_correction


def test_the_wanted_hour_is_read() -> None:
    assert [read(text, "any").hour for text in ("TIME 10", "time 5 pm", "hora 9", "TIME 77", "10")] == [
        10,
        17,
        9,
        None,
        None,
    ]


def test_a_bare_digit_is_kept_as_a_choice() -> None:
    assert [read(text).choice for text in ("1", "2", "0", "10", "1 pill")] == [1, 2, None, None, None]


def test_minutes_and_pills_answer_their_own_questions_alone() -> None:
    assert read("half an hour", "activity").minutes == 30
    assert read("1 hr", "activity").minutes == 60
    assert read("2 at 8 and 1 at noon", "medication").pills == 3
    assert read("none", "medication").pills == 0
    assert (read("20", "pain").minutes, read("2", "pain").pills) == (None, None)


def test_the_language_is_told_by_the_words_and_falls_back_to_the_one_given() -> None:
    assert read("me duele la espalda", language="en").language == "es"
    assert read("my back hurts", language="es").language == "en"
    assert [read("7", language=language).language for language in ("en", "es", "xx")] == ["en", "es", "en"]


def test_a_nurse_is_told_why_in_the_patients_own_words() -> None:
    assert read("my legs feel weak 4").because.startswith('Weak, numb or unsteady legs: "legs feel weak".')
    assert "Pain 7 (the higher of the two)." in read("6 or 7").because


def test_thanks_are_told_apart_from_answers_so_that_nobody_asks_back_for_ever() -> None:
    assert [read(text, "any").qualifier for text in ("ok thanks", "gracias", "k")] == ["thanks"] * 3
    assert read("hmm", "any").qualifier == "words"
