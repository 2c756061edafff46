"""The shipped texts, held to the linter when they are loaded, and the characters swapped before a text is sent."""

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import MessagePack, placeholders
from recovery_api.domain.private_words import words_of
from recovery_api.domain.text_lint import MOST_SEGMENTS, problems
from recovery_api.domain.wording import speaks_to_caregivers, untwinned
from recovery_api.packs import load_yaml

LANGUAGES = ("en", "es")
Texts = Mapping[str, Mapping[str, str]]
# The texts that the program itself asks for; what reminders say is named by the protocol, and checked with it.
NAMED_BY_PROGRAM = frozenset(
    {
        "ask_pain_again", "ask_suggestion", "call_back", "call_back_saved", "check_in_link", "check_in_pain",
        "check_in_symptoms", "deceased", "emergency", "emergency_saved", "enrol_ask", "enrol_ask_caregiver",
        "enrol_welcome", "help", "hour_changed", "hour_refused", "lifeline", "lifeline_saved", "login_code",
        "page_assigned", "page_clinician", "page_gone", "page_taken", "questionnaire_form",
        "questionnaire_link", "report_read", "saved", "saved_jump", "saved_mended", "saved_range",
        "saved_symptoms", "saved_then_symptoms", "saved_worse", "started", "stopped", "thinner_again",
        "thinner_not_started", "thinner_started", "unread_to_person",
        "urgent", "urgent_saved", "visit_change", "visit_change_saved", "visit_confirmed",
        "visit_confirmed_saved", "visit_missed", "visit_off", "visit_tomorrow", "who_is_answering", "wrong_person",
    }
)  # fmt: skip


# Named by earlier versions of the shipped protocol, to which patients may be pinned, and for a clinic's own.
NAMED_BY_OTHER_PROTOCOLS = frozenset({"check_in_worst", "missed_worst", "prepare_blood_thinner"})


@cache
def message_pack() -> MessagePack:
    """All texts. Raises PackError naming the file and key of the first text that the linter refuses."""
    contents = {language: load_yaml(f"messages/{language}.yaml") for language in LANGUAGES}
    versions = {str(content["version"]) for content in contents.values()}
    if len(versions) != 1:
        raise PackError("messages", "version", "differs between languages")
    texts = {language: content["texts"] for language, content in contents.items()}
    check_named(texts)
    agreed = {language: frozenset(content.get("two_segments", ())) for language, content in contents.items()}
    for_all = {frozenset(content["for_all"]) for content in contents.values()}
    if len(for_all) != 1:
        raise PackError("messages", "for_all", "differs between languages")
    return checked_twins(MessagePack(versions.pop(), checked_texts(texts, agreed), for_all.pop()))


@cache
def everyday_words() -> frozenset[str]:
    """The words of all texts, in plain lower-case letters: they stand in many texts, whoever is called so."""
    pack = message_pack()
    return frozenset(word for own in pack.texts.values() for text in own.values() for word in words_of(text))


def check_named(texts: Texts) -> None:
    """Raise PackError where a text that the program asks for is not there in every language."""
    for language, own in texts.items():
        for key in sorted((NAMED_BY_PROGRAM | NAMED_BY_OTHER_PROTOCOLS) - own.keys()):
            raise PackError(f"messages/{language}.yaml", key, "is not there any more")


def checked_twins(pack: MessagePack) -> MessagePack:
    """`pack` as it is. Raises PackError where a text has no words for caregivers and is not said to be for all."""
    for language in pack.languages:
        file, keys = f"messages/{language}.yaml", pack.keys(language)
        for key in sorted(keys | pack.for_all):
            if key not in keys or (untwinned(key) or key) not in keys:
                raise PackError(file, key, "is named, or the twin of a text, that is not there")
            if not speaks_to_caregivers(pack, key, language):
                raise PackError(file, key, "has no words for caregivers, and is not in for_all")
    return pack


def checked_texts(texts: Texts, two_segments: Mapping[str, Collection[str]] = MappingProxyType({})) -> Texts:
    """`texts` by language and key as they are; `two_segments` names, by language, the keys that may cost two.

    Raises PackError where the linter or another language disagrees.
    """
    first = next(iter(texts.values()))
    for language, own in texts.items():
        for key in sorted(own.keys() | first.keys()):
            most = 2 if key in two_segments.get(language, ()) else MOST_SEGMENTS
            found = _disagreements(key, language, own, first, most)
            if found:
                raise PackError(f"messages/{language}.yaml", key, "; ".join(found))
    return texts


def _disagreements(key: str, language: str, own: Mapping[str, str], first: Mapping[str, str], most: int) -> list[str]:
    if key not in own or key not in first:
        return ["is not in every language"]
    if placeholders(own[key]) != placeholders(first[key]):
        return ["needs other values than the same text in another language"]
    return problems(key, language, own[key], most_segments=most)


@cache
def smart_encoding() -> dict[str, str]:
    """Plain twins of characters that would make a text dearer, by character."""
    content = json.loads((Path(__file__).parent / "smart_encoding.json").read_text(encoding="utf-8"))
    return {chr(int(code[2:], 16)): plain for code, plain in content["map"].items()}


@cache
def _translation() -> dict[int, str]:
    return str.maketrans(smart_encoding())


def as_sent(text: str) -> str:
    """`text` as the carrier will send it: encoded by ourselves first, so that what is counted is what is sent."""
    return text.translate(_translation())
