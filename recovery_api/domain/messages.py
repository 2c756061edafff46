"""The texts that the product sends, by key and language, with their values filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from recovery_api.domain.errors import MissingValue, UnknownText

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def placeholders(text: str) -> frozenset[str]:
    """The names of the values that a text needs."""
    return frozenset(_PLACEHOLDER.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced; values are put in as they are. Raises MissingValue."""

    def value_of(found: re.Match[str]) -> str:
        name = found[1]
        if name not in values:
            raise MissingValue(f"The text needs a value for {name!r}.", field=name)
        return values[name]

    return _PLACEHOLDER.sub(value_of, text)


@dataclass(frozen=True)
class MessagePack:
    """All texts of one version, by language and key.

    `for_all` are keys whose words fit a caregiver as they fit a patient; `own` the language and key of each text in a
    clinic's own words.
    """

    version: str
    texts: Mapping[str, Mapping[str, str]]
    for_all: frozenset[str] = frozenset()
    own: frozenset[tuple[str, str]] = frozenset()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have texts."""
        return tuple(self.texts)

    def keys(self, language: str) -> frozenset[str]:
        """The keys of the texts in one language."""
        return frozenset(self._of(language))

    def text(self, key: str, language: str) -> str:
        """One text with its placeholders. Raises UnknownText."""
        texts = self._of(language)
        if key not in texts:
            raise UnknownText(f"There is no text {key!r} in {language!r}.", field="key")
        return texts[key]

    def render(self, key: str, language: str, values: Mapping[str, str]) -> str:
        """One text ready to send. Raises UnknownText, and MissingValue where a placeholder has no value."""
        return filled(self.text(key, language), values)

    def with_own(self, version: str, own: Mapping[tuple[str, str], str]) -> "MessagePack":
        """This pack under another version, with a clinic's own words for some (language, key)."""
        texts = {language: dict(shipped) for language, shipped in self.texts.items()}
        for (language, key), body in own.items():
            texts[language][key] = body
        return MessagePack(version, texts, self.for_all, frozenset(own))

    def _of(self, language: str) -> Mapping[str, str]:
        """The texts of a language; one that the pack lacks is answered in its first language."""
        return self.texts.get(language) or self.texts[self.languages[0]]
