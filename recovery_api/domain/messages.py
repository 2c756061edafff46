"""The texts that we send: keyed, in several languages, filled with values, one version for all of them."""

import string
from collections.abc import Mapping
from dataclasses import dataclass

from recovery_api.domain.errors import MissingValue, PackError, UnknownText

_FORMATTER = string.Formatter()


def placeholders(text: str) -> frozenset[str]:
    """The values that a text needs."""
    return frozenset(name for _, name, _, _ in _FORMATTER.parse(text) if name)


@dataclass(frozen=True)
class MessagePack:
    """Every text by language and key."""

    version: str
    texts: Mapping[str, Mapping[str, str]]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the pack speaks."""
        return tuple(self.texts)

    def keys(self, language: str) -> frozenset[str]:
        """The keys of one language."""
        return frozenset(self.texts[language])

    def render(self, key: str, language: str, values: Mapping[str, str]) -> str:
        """One text, filled. A language that the pack lacks is answered in English.

        Raises UnknownText for a key that does not exist and MissingValue for a value that was not given.
        """
        texts = self.texts.get(language) or self.texts["en"]
        text = texts.get(key)
        if text is None:
            raise UnknownText(f"no text is called {key!r} in {language!r}")
        try:
            return text.format_map(values)
        except KeyError as missing:
            raise MissingValue(f"the text {key!r} needs {missing.args[0]!r}") from None


def read_message_pack(contents: Mapping[str, Mapping[str, object]]) -> MessagePack:
    """A pack out of one mapping a language. Raises PackError where languages differ in keys, values or version."""
    texts: dict[str, dict[str, str]] = {}
    versions = {str(content["version"]) for content in contents.values()}
    if len(versions) != 1:
        raise PackError("messages", "version", "differs between languages")
    for language, content in contents.items():
        rows = content["texts"]
        if not isinstance(rows, Mapping):
            raise PackError(f"messages/{language}.yaml", "texts", "is not a list of keys")
        texts[language] = {str(key): str(text) for key, text in rows.items()}
    english = texts["en"]
    for language, mine in texts.items():
        for key in sorted(english.keys() ^ mine.keys()):
            raise PackError(f"messages/{language}.yaml", key, "stands in one language alone")
        for key, text in mine.items():
            if placeholders(text) != placeholders(english[key]):
                raise PackError(f"messages/{language}.yaml", key, "needs other values than its English twin")
    return MessagePack(versions.pop(), texts)
