"""Every text in every language: its cost, its words, its values, and the linter that holds it to them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from recovery_api.domain.errors import MissingValue, PackError, UnknownText
from recovery_api.domain.messages import MessagePack, filled, placeholders
from recovery_api.domain.segments import measure
from recovery_api.domain.symptoms import LETTERS
from recovery_api.domain.text_lint import (
    LONGEST_VALUES,
    NEVER_LABELLED,
    longest_values,
    own_problems,
    problems,
    reading_grade,
)
from recovery_api.domain.wording import labelled
from recovery_api.packs import load_yaml
from recovery_api.packs.protocol_pack import check_texts, protocol_pack
from recovery_api.packs.reading import reply_reader
from recovery_api.packs.texts import NAMED_BY_PROGRAM, as_sent, check_named, checked_texts, message_pack
from recovery_api.services.answer_visit import date_words, visit_words

PACK = message_pack()
CODE = Path(__file__).parents[2] / "recovery_api"
EVERY_TEXT = [(language, key) for language in PACK.languages for key in sorted(PACK.keys(language))]
LONGEST = {(language, key): PACK.render(key, language, longest_values(language)) for language, key in EVERY_TEXT}
VALUES = {
    "check_in_pain": {"clinic"}, "check_in_symptoms": set(), "check_in_minutes": set(), "check_in_pills": set(),
    "rest_short_walks": set(), "posture_sitting": set(), "visit_reminder": {"date", "time"}, "saved": {"n"},
    "saved_then_symptoms": {"n"}, "saved_range": {"a", "b"}, "saved_worse": {"n", "h", "emergency"},
    "saved_mended": {"n"}, "emergency_saved": {"emergency", "n"}, "urgent_saved": {"h", "emergency", "n"},
    "hour_changed": {"time"}, "hour_refused": set(), "check_in_pain_caregiver": {"clinic"},
    "missed_check_in_caregiver": set(), "are_you_ok_caregiver": set(), "enrol_ask_caregiver": {"clinic"},
    "saved_symptoms": {"phone"}, "ask_pain_again": set(), "ask_suggestion": {"n"}, "emergency": {"emergency"},
    "urgent": {"h", "emergency"}, "lifeline": {"lifeline", "emergency"},
    "lifeline_saved": {"lifeline", "emergency", "n"},
    "call_back": {"phone", "emergency"}, "missed_check_in": set(), "are_you_ok": set(),
    "stopped": {"clinic", "phone", "emergency"}, "started": {"clinic", "emergency"},
    "help": {"clinic", "phone", "emergency"}, "wrong_person": set(), "deceased": {"phone"},
    "who_is_answering": {"labels", "first"}, "unread_to_person": {"phone", "emergency"},
    "visit_confirmed": {"date", "time"}, "visit_change": {"phone"}, "page_clinician": {"clinic", "tier", "code"},
    "prepare_blood_thinner": {"clinic", "phone"}, "prepare_blood_thinner_on": {"date", "phone"},
    "check_in_worst": {"clinic"}, "check_in_worst_caregiver": {"clinic"}, "missed_worst": set(),
    "missed_worst_caregiver": set(),
    "prepare_new_illness": {"phone"},
    "prepare_ride": {"date", "phone"}, "prepare_home": set(), "prepare_fasting": {"fasting_hour", "phone"},
    "baseline_pain": set(), "procedure_day": {"phone"}, "rest_first_evening": {"emergency"},
    "bandage_and_showers": {"shower_hours"}, "no_driving_yet": {"drive_on"}, "posture_getting_up": set(),
    "pain_pills_safely": {"acetaminophen_mg", "phone"}, "visit_coming": {"date", "time"}, "year_done": {"phone"},
    "visit_tomorrow": {"date", "time", "phone"}, "visit_missed": {"phone"}, "visit_none": {"phone"},
    "visit_off": {"date", "time", "phone"},
    "questionnaire_form": {"phone"}, "prepare_tell_us": {"phone"}, "prepare_imaging": {"phone"},
    "prepare_medicines": {"phone"}, "questionnaire_link": {"clinic", "phone", "link"},
    "posture_lifting": {"lifting_pounds"}, "walk_a_little_more": set(), "pain_pills_bowels": {"phone"},
    "blood_thinner_again": {"phone"}, "posture_sleeping": set(), "fall_safety": set(), "now_twice_a_week": set(),
    "brace_as_told": set(), "bone_care": set(), "moves_and_vitamins": set(), "ask_about_lifting": {"lifting_pounds"},
    "two_months_watch": {"phone"}, "now_once_a_month": {"phone"},
    "enrol_ask": {"clinic"}, "enrol_welcome": {"emergency", "phone"}, "login_code": {"clinic", "code"},
}  # fmt: skip


# The message set of the shipped protocol, by its own names. Left out: a form in the app (R30) and the question about a
# fall (A-FALL), for which there is no feature; R7, R25 and R80 are one reminder of a visit.
CLINICAL_SET = {
    "E0": "enrol_ask", "E1": "enrol_welcome", "P-7": "prepare_blood_thinner", "P-5": "prepare_new_illness",
    "P-3": "prepare_ride", "P-2": "prepare_home", "P-1a": "prepare_fasting", "B0": "baseline_pain",
    "P0": "procedure_day", "R0": "rest_first_evening", "C1": "check_in_pain", "C2": "check_in_symptoms",
    "C3": "check_in_minutes", "C4": "check_in_pills", "R1": "rest_short_walks", "R1b": "bandage_and_showers",
    "R2": "no_driving_yet", "R2b": "pain_pills_safely", "R3": "posture_sitting", "R4": "posture_getting_up",
    "R5": "posture_lifting", "R6": "walk_a_little_more", "R7": "visit_reminder", "R8": "pain_pills_bowels",
    "R9": "blood_thinner_again", "R10": "posture_sleeping", "R12": "fall_safety", "R14": "now_twice_a_week",
    "R18": "brace_as_told", "R21": "bone_care", "R25": "visit_reminder", "R35": "moves_and_vitamins",
    "R42": "ask_about_lifting", "R60": "two_months_watch", "R80": "visit_reminder", "R90": "now_once_a_month",
    "A-OK": "saved", "A-WORSE": "saved_worse", "A-Q": "ask_pain_again", "A-RNG": "saved_range",
    "A-CONF": "ask_suggestion", "A-911": "emergency", "A-URG": "urgent", "A-MISS1": "missed_check_in",
    "A-MISS2": "are_you_ok", "A-STOP": "stopped", "A-HELP": "help",
}  # fmt: skip


def test_the_clinical_message_set_is_in_the_pack_in_both_languages() -> None:
    assert len(CLINICAL_SET) == 47
    for language in PACK.languages:
        assert {name: key for name, key in CLINICAL_SET.items() if key not in PACK.keys(language)} == {}


@pytest.mark.parametrize("language", PACK.languages)
def test_every_language_has_every_text_with_the_same_values(language: str) -> None:
    first = PACK.languages[0]
    assert PACK.keys(language) == PACK.keys(first)
    assert {key: placeholders(PACK.text(key, language)) for key in VALUES} == VALUES
    for key in PACK.keys(language):
        assert placeholders(PACK.text(key, language)) == placeholders(PACK.text(key, first)), key


def test_a_text_passes_the_linter_with_its_longest_values() -> None:
    found = {(language, key): problems(key, language, PACK.text(key, language)) for language, key in EVERY_TEXT}
    assert {text: complaints for text, complaints in found.items() if complaints} == {}


def test_a_text_is_one_plain_segment_with_its_longest_values() -> None:
    costs = {text: measure(words) for text, words in LONGEST.items()}
    assert {text: cost for text, cost in costs.items() if (cost.encoding, cost.segments) != ("GSM-7", 1)} == {}


def test_a_text_is_one_segment_behind_the_longest_letters_of_a_shared_phone() -> None:
    letters = {(language, key): "" if key in NEVER_LABELLED else "ABCDEFGH" for language, key in EVERY_TEXT}
    costs = {text: measure(labelled(words, letters[text])) for text, words in LONGEST.items()}
    assert {text: cost for text, cost in costs.items() if cost.segments != 1} == {}


def test_a_text_that_has_no_room_for_letters_is_refused_unless_it_goes_to_staff() -> None:
    full = "Call. " * 26
    assert measure(full).segments == 1
    for key in NEVER_LABELLED:
        assert problems(key, "en", full) == []
    assert problems("saved", "en", full) == ["takes 2 segments (166 characters, the letters of a phone included)"]


@pytest.mark.parametrize(("language", "mend"), [("en", "FIX"), ("es", "CORRIJO")])
def test_every_text_that_says_a_score_back_says_how_to_mend_it(language: str, mend: str) -> None:
    texts = {key: PACK.text(key, language) for key in PACK.keys(language)}
    say_back = {key for key, text in texts.items() if placeholders(text) & {"n", "b"}} - {"ask_suggestion"}
    assert len(say_back) > 10
    assert {key for key in say_back if mend not in texts[key]} == set()


def test_a_caregiver_is_asked_about_somebody_else() -> None:
    protocol = protocol_pack()
    assert protocol.silence is not None
    asking = {step.text_key for step in protocol.steps if step.question in ("pain", "activity", "medication")}
    asking |= {rung.text_key for rung in protocol.silence.rungs} | {"saved_jump"}
    assert len(asking) >= 7
    for language, patients in (("en", r"\byour\b|\byou (?:walk|take|fall)\b"), ("es", r"\ble duele hoy la espalda\?")):
        for key in sorted(asking):
            assert not re.search(patients, PACK.text(f"{key}_caregiver", language)), (language, key)


@pytest.mark.parametrize("language", PACK.languages)
@pytest.mark.parametrize("key", ["check_in_symptoms", "saved_then_symptoms"])
def test_the_symptom_question_offers_each_letter_once_and_n_for_none(language: str, key: str) -> None:
    offered = re.findall(r"^([A-Z]) ", PACK.text(key, language), re.MULTILINE)
    assert offered == [*LETTERS, "N"]


@pytest.mark.parametrize(
    ("answer", "language", "intent"),
    [("CALL", "en", "call_me"), ("LLAMAR", "es", "call_me"), ("START", "en", "opt_in"), ("PAIN 7", "en", "check_in"),
     ("DOLOR 7", "es", "check_in"), ("FIX 7", "en", "check_in"), ("CORRIJO 7", "es", "check_in"),
     ("STOP", "es", "opt_out"), ("HELP", "en", "help"), ("FALL", "en", "report"),
     ("TRONIDO", "es", "report")],
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


def test_a_text_is_sent_as_it_was_counted() -> None:
    assert {text: as_sent(words) for text, words in LONGEST.items()} == LONGEST


def test_curly_marks_are_made_plain_before_they_cost_anything() -> None:
    assert as_sent("It\u2019s \u201cfine\u201d \u2026 ¿qué?") == 'It\'s "fine" ... ¿qué?'


@pytest.mark.parametrize("language", PACK.languages)
def test_no_day_or_hour_is_longer_than_the_linter_reckons_with(language: str) -> None:
    zone = ZoneInfo("America/New_York")
    for day in range(366):
        words = visit_words(datetime(2028, 1, 1, 22, 30, tzinfo=zone) + timedelta(days=day), zone, language)
        assert len(words.date) <= len(LONGEST_VALUES["date"]), words
        assert len(words.time) <= len(LONGEST_VALUES["time"]), words


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


def test_a_pack_may_agree_on_two_segments_for_a_text_and_for_no_other() -> None:
    long = contents(es={"saved": "Gracias, anotó {n}. " + "Está bien. " * 9})
    assert checked_texts(long, {"es": ["saved"]})
    with pytest.raises(PackError, match=r"es\.yaml: saved: 'ó' at .* is not in GSM-7"):
        checked_texts(long)
    with pytest.raises(PackError, match=r"takes 3 segments"):
        checked_texts(contents(es={"saved": "Anotó {n}. " + "Está bien. " * 13}), {"es": ["saved"]})


@pytest.mark.parametrize(
    ("key", "language", "text", "complaints"),
    [
        ("saved", "en", "Thank you, {n} is saved. Not right? Text FIX and the right number.", []),
        ("saved", "en", "Thank you, it is saved. Not right? Text FIX and the right number.", ["lost {n}"]),
        ("saved", "en", "Thank you, {n} is saved.", ["lost the answer FIX"]),
        ("saved", "en", "{clinic}: {n} is saved. Not right? Text FIX again.", ["must not use {clinic}"]),
        ("saved", "en", "{n} is saved, {name}. Text FIX.", ["unknown placeholder name"]),
        ("saved", "en", " \n", ["is empty"]),
        ("stopped", "en", "{clinic}: No more texts. Call {phone} or {emergency}.", ["lost the answer START"]),
        ("visit_reminder", "en", "You come {date} at {time}. Reply 1 to confirm.",
         ["lost the answer 1", "lost the answer 2"]),
        ("visit_reminder", "es", "Cita: {date}, {time}. Responda 1 para confirmar o 2 para cambiarla.", []),
        ("check_in_symptoms", "en", "New?\nA weak legs\nB bladder\nC fever\nD chest pain\nE wound\nN none",
         ["lost the answer F"]),
    ],
)  # fmt: skip
def test_a_clinics_own_words_must_ask_for_and_fill_in_the_same(
    key: str, language: str, text: str, complaints: list[str]
) -> None:
    assert own_problems(key, language, text, PACK.text(key, language), 1) == complaints


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, []),
        ({"clinic": "Bay"}, []),
        ({"clinic": "N" * 40}, ["takes 2 segments"]),
        ({"phone": "+1 (555) 555-0100 ext. 1234567890"}, ["takes 2 segments"]),
        ({"clinic": "Clínica"}, ["'í' at 2 is not in GSM-7", "takes 2 segments"]),
    ],
    ids=["anybody", "short", "name", "phone", "letters"],
)  # fmt: skip
def test_own_words_are_measured_with_the_longest_values_that_the_clinic_can_have(
    values: dict[str, str], complaint: list[str]
) -> None:
    text = "{clinic}: call {phone}, or {emergency} now. STOP ends it. " + "Rest. " * 11
    found = own_problems("help", "en", text, PACK.text("help", "en"), 1, values)
    assert [one[: len(said)] for one, said in zip(found, complaint, strict=True)] == complaint


@pytest.mark.parametrize(
    ("language", "date", "hour"),
    [("en", "Wed Sep 30", "10:30 PM"), ("es", "miércoles 30 de septiembre", "la medianoche")],
)
def test_the_longest_values_are_those_that_texts_of_their_language_show(language: str, date: str, hour: str) -> None:
    values = longest_values(language)
    assert (values["date"], values["drive_on"], values["fasting_hour"]) == (date, date, hour)
    days = {date_words(datetime(2026, 1, 1, tzinfo=UTC).date() + timedelta(days=n), language) for n in range(365)}
    assert max(map(len, days)) == len(date)
    assert date in days


def test_the_shipped_words_pass_as_a_clinics_own() -> None:
    shipped = {(language, key): PACK.text(key, language) for language, key in EVERY_TEXT}
    found = {text: own_problems(text[1], text[0], words, words, 1) for text, words in shipped.items()}
    assert {text: complaints for text, complaints in found.items() if complaints} == {}


def test_own_words_take_the_place_of_the_shipped_ones_in_their_language_alone() -> None:
    mine = PACK.with_own("1+3", {("en", "saved"): "{n} it is."})
    assert (mine.render("saved", "en", {"n": "4"}), mine.version) == ("4 it is.", "1+3")
    assert mine.text("saved", "es") == PACK.text("saved", "es")
    assert PACK.text("saved", "en") != "{n} it is."


OWN_WORDS = [key for key in sorted(PACK.keys("en")) if not key.endswith("_caregiver")]  # those fall back to these


def test_a_text_that_is_deleted_from_the_pack_is_missed_when_it_is_loaded() -> None:
    for key in OWN_WORDS:
        left = {language: {name: own[name] for name in own if name != key} for language, own in PACK.texts.items()}
        with pytest.raises(PackError):
            loaded(left)
    with pytest.raises(PackError, match="is not in every language"):
        checked_texts({"en": {"saved": PACK.text("saved", "en")}, "es": {}})


def loaded(texts: Mapping[str, Mapping[str, str]]) -> None:
    """What every process looks at before it starts."""
    check_named(texts)
    check_texts(protocol_pack(), "the shipped protocol", MessagePack("1", texts))


def test_the_texts_that_the_program_names_are_those_that_its_code_asks_for() -> None:
    named = ("texts.py", "text_titles.py")  # which say what there is
    code = "\n".join(file.read_text(encoding="utf-8") for file in CODE.rglob("*.py") if file.name not in named)
    protocol = protocol_pack()
    steps = {step.text_key for step in protocol.steps}
    spoken = {key for key in PACK.keys("en") if f'"{key}"' in code}
    assert spoken - NAMED_BY_PROGRAM <= steps | {"coach_bending"}
    assert NAMED_BY_PROGRAM - spoken == {key for key in NAMED_BY_PROGRAM if key.endswith("_saved")}, (
        "these are made of another's name"
    )


def test_the_pack_names_its_version() -> None:
    assert isinstance(PACK, MessagePack)
    file = Path(__file__).parents[2] / "recovery_api" / "packs" / "messages" / "en.yaml"
    assert PACK.version == yaml.safe_load(file.read_text(encoding="utf-8"))["version"]
