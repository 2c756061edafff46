"""The words of the questionnaires that may be asked on a page, in every language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from recovery_api.domain.errors import PackError
from recovery_api.domain.questionnaires import INSTRUMENTS
from recovery_api.packs import load_yaml
from recovery_api.packs.texts import LANGUAGES

ASKED = ("rmdq", "phq2")  # the words of the ODI are under licence: its score alone is taken


@dataclass(frozen=True, slots=True)
class Wording:
    """One instrument in one language; no choices where a sentence is ticked or left out."""

    title: str
    ask: str
    items: tuple[str, ...]
    choices: tuple[str, ...]


@cache
def questionnaire_pack() -> Mapping[str, Mapping[str, Wording]]:
    """By language, then instrument. Raises PackError where an instrument lacks an item or a choice."""
    return {language: _read(language, load_yaml(f"questionnaires/{language}.yaml")) for language in LANGUAGES}


def _read(language: str, content: Mapping[str, Any]) -> Mapping[str, Wording]:
    return {name: _wording(f"questionnaires/{language}.yaml", name, content) for name in ASKED}


def _wording(file: str, name: str, content: Mapping[str, Any]) -> Wording:
    if name not in content:
        raise PackError(file, name, "is missing")
    given, shape = content[name], INSTRUMENTS[name]
    words = Wording(given["title"], given["ask"], tuple(given["items"]), tuple(given.get("choices", ())))
    if len(words.items) != shape.items:
        raise PackError(file, name, f"has {len(words.items)} items; it must have {shape.items}")
    if len(words.choices) not in ((0,) if shape.most_of_item == 1 else (shape.most_of_item + 1,)):
        raise PackError(file, name, f"must have a choice for each score from 0 to {shape.most_of_item}")
    return words
