"""The shipped texts, held to the linter when they are loaded, and the characters swapped before a text is sent."""

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import MessagePack, placeholders
from recovery_api.domain.text_lint import MOST_SEGMENTS, problems
from recovery_api.packs import load_yaml

LANGUAGES = ("en", "es")
Texts = Mapping[str, Mapping[str, str]]


@cache
def message_pack() -> MessagePack:
    """All texts. Raises PackError naming the file and key of the first text that the linter refuses."""
    contents = {language: load_yaml(f"messages/{language}.yaml") for language in LANGUAGES}
    versions = {str(content["version"]) for content in contents.values()}
    if len(versions) != 1:
        raise PackError("messages", "version", "differs between languages")
    texts = {language: content["texts"] for language, content in contents.items()}
    agreed = {language: frozenset(content.get("two_segments", ())) for language, content in contents.items()}
    return MessagePack(versions.pop(), checked_texts(texts, agreed))


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
