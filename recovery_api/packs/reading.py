"""The reply reader with the shipped language packs."""

from functools import cache
from typing import Any

from recovery_api.domain.replies import ReplyReader
from recovery_api.packs import load_yaml

LANGUAGES = ("en", "es")


@cache
def reply_reader() -> ReplyReader:
    """The one reader of this process. Raises PackError where a language pack is not fit for use."""
    return ReplyReader({language: language_pack(language) for language in LANGUAGES})


@cache
def start_words() -> frozenset[str]:
    """The words of every language that begin the texts, in capitals."""
    listed = (language_pack(language)["words"]["KEYWORD_IN"] for language in LANGUAGES)
    return frozenset(word.upper() for words in listed for word in words.split())


def language_pack(language: str) -> dict[str, Any]:
    """The words and patterns of one language, with the ordinary words that are never taken for typing errors."""
    ordinary = load_yaml(f"replies/{language}_ordinary.yaml")["words"]
    return {**load_yaml(f"replies/{language}.yaml"), "not_typos": ordinary}
