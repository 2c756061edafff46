"""The shipped texts, held to the linter when they are loaded, and the characters swapped before a text is sent."""

import json
from functools import cache
from pathlib import Path

from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import MessagePack, placeholders
from recovery_api.domain.text_lint import problems
from recovery_api.packs import load_yaml

LANGUAGES = ("en", "es")


@cache
def message_pack() -> MessagePack:
    """All texts. Raises PackError naming the file and key of the first text that the linter refuses."""
    texts: dict[str, dict[str, str]] = {}
    versions = set()
    for language in LANGUAGES:
        content = load_yaml(f"messages/{language}.yaml")
        texts[language] = content["texts"]
        versions.add(str(content["version"]))
        _check(language, texts[language], texts[LANGUAGES[0]])
    return MessagePack("+".join(sorted(versions)), texts)


def _check(language: str, texts: dict[str, str], reference: dict[str, str]) -> None:
    file = f"messages/{language}.yaml"
    for key in texts.keys() ^ reference.keys():
        raise PackError(file, key, "is not in every language")
    for key, text in texts.items():
        found = problems(key, language, text)
        if placeholders(text) != placeholders(reference[key]):
            found.append("needs other values than the same text in another language")
        if found:
            raise PackError(file, key, "; ".join(found))


@cache
def smart_encoding() -> dict[str, str]:
    """Plain twins of characters that would make a text dearer, by character."""
    content = json.loads((Path(__file__).parent / "smart_encoding.json").read_text(encoding="utf-8"))
    return {chr(int(code[2:], 16)): plain for code, plain in content["map"].items()}
