"""Danger words: found whoever speaks, and left alone where they are denied, past or only feared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.replies import Reply
from recovery_api.domain.symptoms import LETTERS, SYMPTOM_TIERS
from recovery_api.packs.reading import reply_reader

READER = reply_reader()

NOUNS = {
    "fever": "fever",
    "chills": "fever",
    "numbness": "leg_weakness",
    "chest pain": "breathing",
    "shortness of breath": "breathing",
    "bleeding": "wound",
    "hives": "allergy",
}
THEIR_OWN_WORDS = {
    "leg_weakness": ("my legs are weak", "cant feel my feet", "no siento las piernas", "help i cant get up"),
    "bladder_bowel": ("cant pee", "numb between my legs", "me orine en la cama"),
    "breathing": ("short of breath", "my chest hurts", "me falta el aire"),
    "allergy": ("my tongue is swollen", "hives", "se me hincha la cara"),
    "drowsy": ("she wont wake up", "mom is very confused", "se desmayo"),
    "self_harm": ("I want to die", "me quiero morir", "might hurt myself"),
    "fever": ("temp 38.4", "shaking chills", "tengo calentura"),
    "wound": ("puss coming out of the hole", "incision is red", "la herida huele mal"),
    "new_pain": ("heard a pop", "I fell", "me cai", "pain going down my leg"),
    "calf": ("my calf is swollen", "pantorrilla hinchada"),
    "headache": ("headache worse when I stand", "splitting headache"),
}


def read(text: str, question: str = "any") -> Reply:
    return READER.read(text, question)


def serious(text: str) -> bool:
    return read(text).tier in ("emergency", "urgent")


@pytest.mark.parametrize("symptom", SYMPTOM_TIERS)
def test_every_symptom_is_known_by_its_own_words_at_its_own_tier(symptom: str) -> None:
    for text in THEIR_OWN_WORDS[symptom]:
        reply = read(text)
        assert symptom in reply.symptoms, text
        assert reply.tier == SYMPTOM_TIERS[symptom], text


@pytest.mark.parametrize("who", ["my", "mom's", "her", "my husband's", "dad's"])
def test_the_speaker_may_be_somebody_else(who: str) -> None:
    assert read(f"{who} legs are numb").tier == "emergency"


@given(st.sampled_from(sorted(NOUNS)), st.sampled_from(sorted(NOUNS)), st.integers(0, 10))
def test_what_is_denied_raises_nothing_and_the_score_is_kept(first: str, second: str, score: int) -> None:
    for shape in ("no {} no {} {}", "no {} or {}, {}", "I don't have {} or {}. {}", "no {}, no {}, pain {}"):
        reply = read(shape.format(first, second, score), "pain")
        assert (reply.tier, reply.pain) == (None, score), shape.format(first, second, score)


@given(st.sampled_from(sorted(NOUNS)), st.sampled_from(["my legs are numb", "I fell", "cant breathe", "chest hurts"]))
def test_a_denial_never_reaches_into_the_next_statement(denied: str, danger: str) -> None:
    for shape in ("no {} but {}", "no {}. {}", "no {}, {}", "no {} {}", "{1}, no {0}"):
        assert serious(shape.format(denied, danger)), shape.format(denied, danger)


@pytest.mark.parametrize("text", ["no fever, chest pain", "no fever chest pain since noon", "no chills and numbness"])
def test_a_denial_reaches_another_symptom_only_over_an_or(text: str) -> None:
    assert serious(text)


def test_a_denial_inside_a_danger_is_part_of_it() -> None:
    assert serious("can't feel my legs")
    assert serious("bleeding won't stop")
    assert serious("not able to pee")


@pytest.mark.parametrize(
    "text",
    ["had a fever last month", "I fell 5 years ago", "legs were numb before the surgery", "tuve fiebre el año pasado"],
)
def test_what_is_long_past_raises_nothing(text: str) -> None:
    assert not serious(text)


@pytest.mark.parametrize(
    "text",
    [
        "what if I get a fever",
        "afraid of falling",
        "call if my legs go numb?",
        "careful not to fall",
        "miedo de caerme",
    ],
)
def test_what_is_only_feared_or_asked_about_raises_nothing(text: str) -> None:
    assert not serious(text)


def test_a_condition_that_holds_now_is_no_supposition() -> None:
    assert serious("if I stand up my legs go numb")
    assert serious("when i stand my legs go numb")


def test_words_of_self_harm_are_never_taken_for_a_supposition() -> None:
    assert read("I might kill myself").tier == "emergency"


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("temp 100.4", "urgent"), ("temp 100.3", None), ("temp 38", "urgent"), ("temp 37.9", None), ("98.6", None),
        ("38.5", "urgent"), ("temperatura 38,2", "urgent"), ("fever 99.1", None), ("HR 101 temp 98.6", None),
    ],
)  # fmt: skip
def test_a_fever_begins_at_38_degrees_or_100_4_fahrenheit(text: str, tier: str | None) -> None:
    assert read(text).tier == tier


@pytest.mark.parametrize(
    "text",
    [
        "fell asleep on the couch", "leaves fall", "pop over later", "my back is killing me", "dying of boredom",
        "confused by this text", "short of cash", "my dog has a fever", "the bus stop", "red wine",
        "weak coffee", "chest of drawers",
    ],
)  # fmt: skip
def test_words_that_only_sound_like_danger_raise_nothing(text: str) -> None:
    assert not serious(text)


def test_the_letters_stand_for_the_symptoms_of_the_question() -> None:
    for letter, symptom in LETTERS.items():
        for text in (letter, f"{letter.lower()}.", f"yes {letter}", f"I have {letter}"):
            assert read(text, "symptoms").symptoms == {symptom}, text


def test_words_that_merely_hold_a_letter_are_no_answer() -> None:
    for text in ("a little sore", "a bit tired", "bad", "not A just sore", "b there soon"):
        assert read(text, "symptoms").symptoms == frozenset(), text


def test_letters_among_words_answer_only_where_the_symptoms_were_asked_for() -> None:
    for text in ("yes B", "I have A", "c today"):
        assert read(text, "symptoms").symptoms, text
        assert not read(text, "any").symptoms, text


def test_a_fever_in_digits_alone_answers_the_symptom_question() -> None:
    assert read("103", "symptoms").symptoms == {"fever"}
    assert read("103", "pain").tier is None


def test_a_plea_for_the_pain_to_end_is_seen_today_and_answered_with_the_question() -> None:
    assert (read("please stop the pain").intent, read("please stop the pain").tier) == ("ask_again", "today")


def test_a_denial_never_reaches_over_the_end_of_a_sentence() -> None:
    assert reply_reader().read("no 38.5 38.5 at 38.5. temp 101.3", "pain").tier == "urgent"


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("I fell but im ok now", "urgent"), ("passed out for a minute", "emergency"),
        ("I fainted but fine now", "emergency"), ("me desmaye pero ya estoy bien", "emergency"),
        ("fell? no", None), ("fainted - no", None), ("I did not fall", None),
    ],
)  # fmt: skip
def test_what_happened_is_not_taken_back_by_being_over(text: str, tier: str | None) -> None:
    assert read(text).tier == tier


def test_a_refusal_of_the_body_is_no_denial() -> None:
    for text in ("my bladder wont let go", "teeth wont stop chattering", "my legs wont"):
        assert serious(text), text


@pytest.mark.parametrize(
    "text",
    [
        "my legs are like something from a swamp", "walking like a newborn goat", "my incision is doing something",
        "my tongue is getting in the way", "mi herida esta haciendo cosas", "my calf is a drum",
    ],
)  # fmt: skip
def test_a_word_of_the_body_in_unheard_of_company_is_flagged(text: str) -> None:
    assert serious(text)


@pytest.mark.parametrize(
    "text",
    [
        "my incision is clean and dry", "when can I wash the wound", "walking like a champ", "my throat is sore",
        "my neighbor had a stroke", "my friend is running a fever", "mi vecina tiene fiebre", "my calf is fine",
    ],
)  # fmt: skip
def test_what_explains_it_or_whose_it_is_raises_nothing(text: str) -> None:
    assert not serious(text)


def test_what_a_bystander_has_never_hides_what_the_patient_has() -> None:
    for text in (
        "my neighbor is here and my legs are numb",
        "my sister has my pills and I cant breathe",
        "my sister has seen my legs give out",
    ):
        assert serious(text), text


def test_little_oxygen_on_the_finger_is_a_danger() -> None:
    assert [read(f"oxygen is {value}").tier for value in (84, 91, 92, 97)] == ["emergency"] * 2 + [None] * 2


@given(
    st.sampled_from(sorted(LETTERS)), st.sampled_from(("N for most but {}", "none except {}", "no a todo menos la {}"))
)
def test_a_letter_behind_but_is_never_denied_with_the_rest(letter: str, shape: str) -> None:
    assert read(shape.format(letter), "symptoms").symptoms == {LETTERS[letter]}


@pytest.mark.parametrize(
    "behind", ["", " no change", " same as ever and i cant stand up", " no change, and they gave out on me"]
)
def test_legs_that_are_numb_for_years_are_flagged_all_the_same(behind: str) -> None:
    assert read(f"my feet have been numb for years,{behind}. 3").tier == "emergency"


@pytest.mark.parametrize("letter", "BCDEF")
@pytest.mark.parametrize("shape", ["{}, the rest no", "{}. None of the rest", "{}. Nothing else", "{}. El resto no"])
def test_a_denial_of_the_rest_never_reaches_back_to_the_letter_before_it(letter: str, shape: str) -> None:
    assert read(shape.format(letter), "symptoms").symptoms == {LETTERS[letter]}


@pytest.mark.parametrize(
    "told", ["she cant breathe. not me. my mom", "chest pain not me my husband", "cant breathe. not me, my neighbor"]
)
def test_whoever_it_happens_to_an_emergency_said_beside_not_me_is_flagged(told: str) -> None:
    assert read(told, "any").tier == "emergency"
