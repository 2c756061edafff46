"""The plain pages on the procedure, its benefits and its risks, in every language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from recovery_api.domain.errors import PackError
from recovery_api.packs import load_yaml
from recovery_api.packs.texts import LANGUAGES

TOPICS = ("procedure", "benefits", "risks")


@dataclass(frozen=True, slots=True)
class Part:
    """Lines under one head; urgent ones are shown as such."""

    head: str
    lines: tuple[str, ...]
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class AboutPages:
    """The pages of one language: who signed them, the words of the menu, titles and parts by topic."""

    signed_off_by: str
    menu: Mapping[str, str]
    titles: Mapping[str, str]
    parts: Mapping[str, tuple[Part, ...]]


@cache
def about_pack() -> Mapping[str, AboutPages]:
    """Every language. Raises PackError where one lacks a page, or has other parts than the first."""
    found = {language: _read(language, load_yaml(f"about/{language}.yaml")) for language in LANGUAGES}
    first = _shape(found[LANGUAGES[0]])
    for language, pages in found.items():
        if _shape(pages) != first:
            raise PackError(f"about/{language}.yaml", "pages", "differ in their parts from another language")
    return found


def _read(language: str, content: Mapping[str, Any]) -> AboutPages:
    pages = content["pages"]
    if tuple(pages) != TOPICS or tuple(content["menu"]) != TOPICS:
        raise PackError(f"about/{language}.yaml", "pages", f"must be {', '.join(TOPICS)}, in this order")
    parts = {
        topic: tuple(Part(part["head"], tuple(part["lines"]), bool(part.get("urgent"))) for part in page["parts"])
        for topic, page in pages.items()
    }
    titles = {topic: page["title"] for topic, page in pages.items()}
    return AboutPages(content["signed_off_by"], content["menu"], titles, parts)


def _shape(pages: AboutPages) -> Any:
    return {topic: [(len(part.lines), part.is_urgent) for part in parts] for topic, parts in pages.parts.items()}
