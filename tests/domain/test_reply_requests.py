"""What a reply asks for: the carriers' keywords, any reasonable wish to stop, and the news nobody may miss."""

import json
from pathlib import Path

import pytest

from recovery_api.domain.replies import QUESTIONS, Reply
from recovery_api.packs.reading import reply_reader

CARRIER = json.loads(
    (Path(__file__).parent.parent / "data" / "twilio" / "optout_keywords.json").read_text(encoding="utf-8")
)
INTENTS = {"STOP": "opt_out", "START": "opt_in", "HELP": "help"}
# The carrier's list says of some phrases only what they are not.
PHRASES = {
    "STOP": "opt_out", "STOP+CHECKIN": "opt_out", "START": "opt_in", "HELP": "help", "HELP+CLINICAL": "help",
    "WRONG_NUMBER": "wrong_person", "UNKNOWN_CONTACT": "help", "URGENT": "report", "ADMIN": "appointment_change",
    "REVIEW": "ask_again", "CLINICAL": "ask_again",
}  # fmt: skip


def read(text: str, question: str = "any") -> Reply:
    return reply_reader().read(text, question)


@pytest.mark.parametrize("keyword", CARRIER["exact_keywords"])
def test_every_keyword_of_the_carriers_is_understood_in_any_spelling(keyword: str) -> None:
    meant = INTENTS[CARRIER["exact_keywords"][keyword]["class"]]
    for text in (keyword, keyword.lower(), f" {keyword.title()} ", f"{keyword}.", f"{keyword}!"):
        assert read(text).intent == meant, text


@pytest.mark.parametrize("keyword", [k for k, v in CARRIER["exact_keywords"].items() if v["class"] == "STOP"])
def test_a_keyword_to_stop_counts_whatever_question_is_open(keyword: str) -> None:
    assert {read(keyword, question).intent for question in QUESTIONS} == {"opt_out"}


@pytest.mark.parametrize("phrase", CARRIER["phrases"], ids=lambda p: p["text"])
def test_the_carriers_phrases_are_understood(phrase: dict[str, str]) -> None:
    assert read(phrase["text"]).intent == PHRASES[phrase["expected"]]


def test_a_bare_help_gets_an_answer_and_a_look_the_same_day() -> None:
    assert (read("help").intent, read("help").tier) == ("help", "today")
    assert (read("info").intent, read("info").tier) == ("help", None)


def test_help_with_a_danger_is_a_danger() -> None:
    assert (read("help me I can't breathe").intent, read("help me I can't breathe").tier) == ("report", "emergency")


@pytest.mark.parametrize(
    "text",
    [
        "please stop the pain",
        "it won't stop hurting 8",
        "the bus stop",
        "should i stop taking the pills",
        "don't stop texting me",
    ],
)
def test_the_word_stop_alone_makes_no_request(text: str) -> None:
    assert read(text, "pain").intent != "opt_out"


def test_yes_is_an_answer_where_a_question_is_open_and_a_keyword_where_none_is() -> None:
    assert [read("yes", question).intent for question in QUESTIONS] == [
        "ask_again", "ask_again", "ask_again", "ask_again", "appointment_confirm", "ask_again", "opt_in",
    ]  # fmt: skip


def test_a_death_is_told_from_the_death_of_a_phone() -> None:
    assert (read("she died").intent, read("she died").tier) == ("deceased", "today")
    for text in ("my phone died", "my dog died", "died laughing"):
        assert read(text).intent != "deceased", text


def test_a_call_that_is_asked_for_keeps_the_score_beside_it() -> None:
    assert (read("7 please call", "pain").intent, read("7 please call", "pain").pain) == ("call_me", 7)


def test_one_confirms_a_visit_and_two_changes_it_only_where_that_was_asked() -> None:
    assert [read(text, "appointment").intent for text in ("1", "2")] == ["appointment_confirm", "appointment_change"]
    assert [read(text, "pain").intent for text in ("1", "2")] == ["check_in", "check_in"]


def test_a_plain_wish_to_stop_holds_beside_words_of_self_harm() -> None:
    reply = read("please stop these texts. I won't be around much longer, I'm going to end it")
    assert (reply.intent, reply.tier) == ("opt_out", "emergency")
    assert read("took two people to get me out of the chair").intent != "opt_out"


@pytest.mark.parametrize(
    "text",
    [
        "Laughed at \u201cThanks, we saved 4.\u201d",
        'Liked "Reply with one number 0 to 10"',
        "Questioned \u201cThanks, we have a 4.\u201d",
    ],
)
def test_a_tap_on_a_text_of_ours_is_no_score(text: str) -> None:
    assert read(text, "pain").pain is None


def test_whoever_went_home_to_the_lord_has_died() -> None:
    assert read("He went home to be with the Lord Tuesday evening").intent == "deceased"
    assert read("she went home to be with her sister, 4", "pain").pain == 4


def test_a_death_of_long_ago_is_another_s_and_read_by_a_person() -> None:
    long_ago = [
        read(text) for text in ("my husband passed in 2011. pain 3", "my wife died 6 years ago", "murio hace anos")
    ]
    assert [(reply.intent == "deceased", reply.unread) for reply in long_ago] == [(False, True)] * 3
    lately = ("my husband passed away Sunday night", "my mom died 3 days ago", "he died of a heart attack yesterday")
    assert [read(text).intent for text in lately] == ["deceased"] * 3
