"""Whoever cares for a patient is written to in words of their own, in every language, and no text lacks them."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import MessagePack
from recovery_api.domain.segments import measure
from recovery_api.domain.text_lint import NEVER_LABELLED, in_full, longest_values
from recovery_api.domain.wording import key_for, twin_of, untwinned
from recovery_api.packs.protocol_pack import check_texts, protocol_pack, read_file
from recovery_api.packs.texts import checked_twins, message_pack

PACK = message_pack()
TWINS = sorted(key for key in PACK.keys("en") if untwinned(key))
SHIPPED = Path(__file__).parents[2] / "recovery_api/packs/protocols/vertebroplasty.yaml"
# What would speak to the patient, or tell whether that is a man or a woman.
FORBIDDEN = {
    "en": r"\byour\b|\byou (?:take|walk|fall|were|need|can|drink)\b|\b(?:he|she|him|his|her|hers)\b",
    "es": r"\b(?:él|ella|enfermo|enferma|operado|operada)\b",
}
NAMES_THEM = {"en": r"\b(?:they|them|their|the one you care for)\b", "es": r"\bcuida\b"}


def without(key: str) -> MessagePack:
    texts = {language: {one: own[one] for one in own if one != key} for language, own in PACK.texts.items()}
    return MessagePack("1", texts, PACK.for_all)


def reachable() -> set[str]:
    """What reminders of the shipped protocol say, whoever gets them."""
    protocol = protocol_pack()
    assert protocol.silence is not None
    assert protocol.coaching is not None
    steps = {step.text_key for step in protocol.steps} | {"visit_tomorrow"}
    rungs = {rung.text_key for rung in protocol.silence.rungs}
    return steps | rungs | {lesson.text_key for lesson in protocol.coaching.lessons}


def test_every_reminder_and_lesson_has_words_for_a_caregiver_in_both_languages() -> None:
    assert len(reachable()) > 45
    for language in PACK.languages:
        assert {key for key in reachable() if key_for(PACK, key, language, "caregiver") == key} == set()
        assert {key for key in reachable() if key_for(PACK, key, language, "patient") != key} == set()


@pytest.mark.parametrize("language", PACK.languages)
def test_a_caregivers_text_is_about_somebody_else_and_names_no_gender(language: str) -> None:
    texts = {key: PACK.text(key, language) for key in TWINS}
    said = {key: found[0] for key, text in texts.items() if (found := re.search(FORBIDDEN[language], text, re.I))}
    assert said == {}
    unnamed = {key for key, text in texts.items() if not re.search(NAMES_THEM[language], text, re.I)}
    assert unnamed == set()


@pytest.mark.parametrize("language", PACK.languages)
def test_a_caregivers_text_is_one_plain_segment_behind_the_longest_label(language: str) -> None:
    for key in TWINS:
        longest = in_full(key, PACK.render(key, language, longest_values(language)))
        cost = measure(longest)
        assert longest.startswith("ABCDEFGH: ")
        assert (cost.encoding, cost.segments) == ("GSM-7", 1), (key, cost)


def test_what_goes_to_the_clinics_own_people_stands_behind_no_label() -> None:
    assert {key for key in NEVER_LABELLED if in_full(key, "x") != "x"} == set()


@pytest.mark.parametrize(
    ("pack", "reason"),
    [
        (without("coach_bending_caregiver"), "coach_bending: has no words for caregivers"),
        (without("coach_bending"), "coach_bending_caregiver: is named, or the twin of a text, that is not there"),
        (MessagePack("1", PACK.texts, PACK.for_all - {"saved"}), "saved: has no words for caregivers"),
        (MessagePack("1", PACK.texts, PACK.for_all | {"nonsense"}), "nonsense: is named"),
    ],
    ids=["no twin", "a twin alone", "not named as the same for all", "a name of nothing"],
)
def test_a_pack_that_leaves_caregivers_without_words_is_refused(pack: MessagePack, reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        checked_twins(pack)


@pytest.mark.parametrize("key", ["are_you_ok", "coach_bending", "posture_lifting", "visit_coming"])
def test_a_protocol_whose_text_has_no_words_for_a_caregiver_is_refused(key: str) -> None:
    with pytest.raises(PackError, match=f"text {key} has no words for a caregiver in 'en'"):
        check_texts(protocol_pack(), "mine.yaml", without(twin_of(key)))


def test_a_step_for_caregivers_must_name_a_text_that_they_can_be_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.yaml"
    step = "  - id: brace-as-told\n    kind: rest\n"
    text = SHIPPED.read_text(encoding="utf-8").replace(step, f"{step}    audience: caregiver\n")
    assert "audience: caregiver\n    text: brace_as_told" in text
    file.write_text(text, encoding="utf-8")
    read_file(file)
    monkeypatch.setattr("recovery_api.packs.protocol_pack.message_pack", lambda: without("brace_as_told_caregiver"))
    with pytest.raises(PackError) as refused:
        read_file(file)
    assert "step brace-as-told" in refused.value.where
    assert refused.value.reason == "text brace_as_told has no words for a caregiver in 'en'"


def test_a_twin_may_ask_for_no_value_that_its_step_does_not_give() -> None:
    texts: dict[str, Mapping[str, str]] = {
        language: {**own, "brace_as_told_caregiver": "They wear it {date}."} for language, own in PACK.texts.items()
    }
    with pytest.raises(PackError, match="text brace_as_told needs date"):
        check_texts(protocol_pack(), "mine.yaml", MessagePack("1", texts, PACK.for_all))


OWN = {("en", "posture_lifting"): "Lift no more than {lifting_pounds} pounds, and nothing at all this week."}
OWN_TWIN = {("en", "posture_lifting_caregiver"): "They lift no more than {lifting_pounds} pounds, this week nothing."}
OWN_QUESTION = {("en", "check_in_pain"): "{clinic}: Your back pain today, 0 to 10? 0 = none, 10 = worst."}


@pytest.mark.parametrize(
    ("own", "key", "language", "said"),
    [
        ({}, "posture_lifting", "en", "posture_lifting_caregiver"),
        (OWN, "posture_lifting", "en", "posture_lifting"),
        (OWN, "posture_lifting", "es", "posture_lifting_caregiver"),
        (OWN | OWN_TWIN, "posture_lifting", "en", "posture_lifting_caregiver"),
        (OWN_QUESTION, "check_in_pain", "en", "check_in_pain_caregiver"),
        (OWN, "saved", "en", "saved"),
    ],
)
def test_a_limit_that_a_clinic_set_in_its_own_words_reaches_caregivers_and_its_questions_do_not(
    own: Mapping[tuple[str, str], str], key: str, language: str, said: str
) -> None:
    pack = PACK.with_own("1+1", own)
    assert key_for(pack, key, language, "caregiver") == said
    assert key_for(pack, key, language, "patient") == key
