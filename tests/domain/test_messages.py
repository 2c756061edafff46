"""Every text in every language: its cost, its words, its values, and the linter that holds it to them."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from recovery_api.domain.errors import MissingValue, PackError, UnknownText
from recovery_api.domain.messages import MessagePack, filled, placeholders
from recovery_api.domain.segments import measure
from recovery_api.domain.symptoms import LETTERS
from recovery_api.domain.text_lint import LONGEST_VALUES, problems, reading_grade
from recovery_api.packs import load_yaml
from recovery_api.packs.reading import reply_reader
from recovery_api.packs.texts import checked_texts, message_pack

PACK = message_pack()
EVERY_TEXT = [(language, key) for language in PACK.languages for key in sorted(PACK.keys(language))]
VALUES = {
    "check_in_pain": {"clinic"}, "check_in_symptoms": set(), "check_in_minutes": set(), "check_in_pills": set(),
    "rest_short_walks": set(), "posture_sitting": set(), "visit_reminder": {"date", "time"}, "saved": {"n"},
    "saved_then_symptoms": {"n"}, "saved_range": {"a", "b"}, "saved_worse": {"n", "h", "emergency"},
    "saved_symptoms": {"phone"}, "ask_pain_again": set(), "ask_suggestion": {"n"}, "emergency": {"emergency"},
    "urgent": {"h", "emergency"}, "call_back": {"phone", "emergency"}, "missed_check_in": set(), "are_you_ok": set(),
    "stopped": {"clinic", "phone", "emergency"}, "started": {"clinic", "emergency"},
    "help": {"clinic", "phone", "emergency"}, "wrong_person": set(), "deceased": {"phone"},
    "who_is_answering": {"labels", "first"}, "unread_to_person": {"phone", "emergency"},
    "visit_confirmed": {"date", "time"}, "visit_change": {"phone"}, "page_clinician": {"clinic", "tier", "code"},
    "enrol_ask": {"clinic"}, "enrol_welcome": {"emergency", "phone"}, "login_code": {"clinic", "code"},
}  # fmt: skip


@pytest.mark.parametrize("language", PACK.languages)
def test_every_language_has_every_text_with_the_same_values(language: str) -> None:
    assert {key: placeholders(PACK.text(key, language)) for key in PACK.keys(language)} == VALUES


@pytest.mark.parametrize(("language", "key"), EVERY_TEXT)
def test_a_text_passes_the_linter_with_its_longest_values(language: str, key: str) -> None:
    assert problems(key, language, PACK.text(key, language)) == []


@pytest.mark.parametrize(("language", "key"), EVERY_TEXT)
def test_a_text_is_one_plain_segment_with_its_longest_values(language: str, key: str) -> None:
    cost = measure(PACK.render(key, language, LONGEST_VALUES))
    assert (cost.encoding, cost.segments) == ("GSM-7", 1)


@pytest.mark.parametrize("language", PACK.languages)
@pytest.mark.parametrize("key", ["check_in_symptoms", "saved_then_symptoms"])
def test_the_symptom_question_offers_each_letter_once_and_n_for_none(language: str, key: str) -> None:
    offered = re.findall(r"^([A-Z]) ", PACK.text(key, language), re.MULTILINE)
    assert offered == [*LETTERS, "N"]


@pytest.mark.parametrize(
    ("answer", "language", "intent"),
    [("CALL", "en", "call_me"), ("LLAMAR", "es", "call_me"), ("START", "en", "opt_in"), ("PAIN 7", "en", "check_in"),
     ("DOLOR 7", "es", "check_in"), ("STOP", "es", "opt_out"), ("HELP", "en", "help")],
)  # fmt: skip
def test_the_answers_that_the_texts_name_are_understood(answer: str, language: str, intent: str) -> None:
    named = [key for key in PACK.keys(language) if answer.removesuffix(" 7") in PACK.text(key, language)]
    assert named
    assert reply_reader().read(answer, "any", language).intent == intent


def test_an_emergency_text_says_whom_to_call() -> None:
    assert "Call 112 now" in PACK.render("emergency", "en", {"emergency": "112"})


def test_values_are_put_in_as_they_are() -> None:
    assert filled("{a}, {b}", {"a": "{b}", "b": "%s {x}"}) == "{b}, %s {x}"


def test_a_missing_value_and_an_unknown_text_are_refused_by_name() -> None:
    with pytest.raises(MissingValue, match="'n'"):
        PACK.render("saved", "en", {})
    with pytest.raises(UnknownText, match="nonsense"):
        PACK.render("nonsense", "en", {})


def test_a_language_without_texts_is_answered_in_the_first_one() -> None:
    assert PACK.render("ask_pain_again", "vi", {}) == PACK.render("ask_pain_again", "en", {})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("How bad is it? Reply YES or NO.", "uses YES as an answer"),
        ("Reply stop if it hurts.", "uses STOP as an answer"),
        ("Responda SI o NO.", "uses SI as an answer"),
        ("Your vertebroplasty is on {date}.", "names 'vertebroplasty'"),
        ("Your fracture heals.", "names 'fracture'"),
        ("¿Cómo está?", "'ó' at 2 is not in GSM-7"),
        ("It’s time.", "'’' at 2 is not in GSM-7"),
        ("word " * 40, "takes 2 segments"),
        ("Dear {patient}, how are you?", "unknown placeholder patient"),
        ("Immediate hospitalisation necessitates administrative authorisation.", "reads at grade"),
    ],
)
def test_the_linter_refuses_a_bad_text(text: str, complaint: str) -> None:
    assert any(found.startswith(complaint) for found in problems("saved", "en", text))


def test_a_patients_name_in_a_text_is_refused_even_where_a_value_is_given() -> None:
    assert problems("saved", "en", "Hi {name}.", {**LONGEST_VALUES, "name": "Ann"}) == ["carries personal data: name"]


def test_carrier_words_may_say_how_to_leave_and_come_back_and_nothing_else() -> None:
    assert problems("help", "en", "Reply STOP to end.") == []
    assert problems("saved", "en", "Reply STOP to end.") == ["uses STOP as an answer"]


def test_a_longer_clinic_name_than_the_longest_is_measured_too() -> None:
    text = PACK.text("check_in_symptoms", "en") + "{clinic}"
    assert any("segments" in found for found in problems("check_in_symptoms", "en", text))


def test_the_reading_grade_rises_with_long_words_and_sentences() -> None:
    assert reading_grade("Sit up. Walk a bit. Rest.") < 1
    assert reading_grade("Rehabilitation necessitates considerable perseverance from everybody involved.") > 12
    assert reading_grade("") == 0


def contents(**changes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    texts = {language: dict(load_yaml(f"messages/{language}.yaml")["texts"]) for language in ("en", "es")}
    for language, change in changes.items():
        texts[language].update(change)
    return texts


def test_a_pack_is_refused_when_its_languages_differ() -> None:
    with pytest.raises(PackError, match=r"es\.yaml: saved: needs other values"):
        checked_texts(contents(es={"saved": "Gracias."}))
    with pytest.raises(PackError, match=r"extra: is not in every language"):
        checked_texts(contents(en={"extra": "Hi."}))


def test_a_pack_is_refused_on_loading_when_a_text_fails_the_linter() -> None:
    with pytest.raises(PackError, match=r"en\.yaml: saved: uses YES as an answer"):
        checked_texts(contents(en={"saved": "Saved {n}. Right? Reply YES."}))


def test_the_pack_names_its_version() -> None:
    assert isinstance(PACK, MessagePack)
    file = Path(__file__).parents[2] / "recovery_api" / "packs" / "messages" / "en.yaml"
    assert PACK.version == yaml.safe_load(file.read_text(encoding="utf-8"))["version"]
