"""Sentences that rules, services and the reply reader make in English, told again in the language of the page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import flask_babel
from babel.messages.pofile import read_po

_SENTENCES = Path(__file__).parent / "translations"
_PLACE = re.compile(r"\\{(\w+)\\}")
_PART = re.compile(r'(; |(?<=[.”"]) (?=[^a-z]))')
_AS_WRITTEN = frozenset({"words", "name"})  # a patient's own words and names stay as they are
_SHAPES = {  # what a value may be; any other name stands for anything
    "number": r"\d+(?:[.,]\d+)?", "one": r"\S+?", "other": r"\S+?", "words": r'[^"]+?', "date": r"[\d-]+",
    "other_date": r"[\d-]+",
}  # fmt: skip
_LONGEST = 800  # characters; nothing that the product says is longer


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One sentence with places for its values, and what it becomes."""

    begins: str
    pattern: re.Pattern[str]
    told: str


@dataclass(frozen=True, slots=True)
class _Book:
    """Every known sentence of one language: whole ones, and those with values, the most particular first."""

    whole: Mapping[str, str]
    with_values: tuple[_Sentence, ...]

    def tell(self, said: str) -> str:
        """A sentence in the book's language; itself where the book does not know it."""
        return self._known(said) or self._begun(said) or self._in_parts(said)

    def _known(self, said: str) -> str:
        if said in self.whole:
            return self.whole[said]
        for one in self.with_values:
            found = one.pattern.fullmatch(said) if said.startswith(one.begins) else None
            if found is not None:
                return one.told.format_map(
                    {name: self._value(name, value) for name, value in found.groupdict().items()}
                )
        return ""

    def _value(self, name: str, value: str) -> str:
        return value if name in _AS_WRITTEN else self.tell(value)

    def _begun(self, said: str) -> str:
        """The same with a capital at its head, as where a reason begins with it."""
        told = self._known(said[:1].lower() + said[1:]) if said[:1].isupper() else ""
        return told[:1].upper() + told[1:]

    def _in_parts(self, said: str) -> str:
        parts = _PART.split(said)
        if len(parts) > 1:
            parts[::2] = map(self.tell, parts[::2])
        return "".join(parts)


def retold(said: str) -> str:
    """What the product said in English, in the language of the page; what it does not know stays as it is."""
    locale = flask_babel.get_locale()
    is_english = locale is None or locale.language == "en"
    return said if is_english or not said or len(said) > _LONGEST else _book(locale.language).tell(said)


@lru_cache
def _book(language: str) -> _Book:
    with (_SENTENCES / language / "LC_MESSAGES/said.po").open("rb") as file:
        known = {str(one.id): str(one.string) for one in read_po(file, locale=language) if one.id and one.string}
    several = sorted((said for said in known if "{" in said), key=_worth, reverse=True)
    sentences = tuple(_Sentence(said.partition("{")[0], _pattern(said), known[said]) for said in several)
    return _Book({said: told for said, told in known.items() if "{" not in said}, sentences)


def _worth(said: str) -> int:
    """How many letters of a sentence are its own."""
    return len(re.sub(r"\{\w+\}", "", said))


def _pattern(said: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(_as_group, re.escape(said)), re.DOTALL)


def _as_group(place: re.Match[str]) -> str:
    name = place[1]
    return f"(?P<{name}>{_SHAPES.get(name, '.+?')})"
