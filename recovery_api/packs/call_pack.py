"""What calls say, per language, and when they are made: the shipped packs, held to their linter as they load."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from recovery_api.domain.call_plan import CallPlan
from recovery_api.domain.call_script import QUESTIONS
from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import MessagePack, filled, placeholders
from recovery_api.domain.pack_section import Section
from recovery_api.domain.private_words import named_conditions
from recovery_api.domain.text_lint import HARDEST_GRADE, LONGEST_VALUES, reading_grade
from recovery_api.domain.tiers import Tier
from recovery_api.domain.wording import twin_of
from recovery_api.packs import load_yaml
from recovery_api.packs.texts import LANGUAGES

VALUES: Mapping[str, str] = {**LONGEST_VALUES, "name": "Margaret", "label": "A B", "key": "2"}
NAMES = ("who", "who_caregiver")


@dataclass(frozen=True)
class CallPack:
    """All words of calls, and the voice that speaks each language."""

    texts: MessagePack
    voices: Mapping[str, str]

    def voice(self, language: str) -> str:
        """The voice of a language; of one that has no words here, that of the first."""
        return self.voices.get(language) or next(iter(self.voices.values()))


@cache
def call_pack() -> CallPack:
    """The words. Raises PackError naming the file and key of the first text that the linter refuses."""
    contents: dict[str, Any] = {language: load_yaml(f"calls/{language}.yaml") for language in LANGUAGES}
    texts = {language: content["texts"] for language, content in contents.items()}
    for language, own in texts.items():
        _check(language, own, texts["en"])
    voices = {language: str(content["voice"]) for language, content in contents.items()}
    return CallPack(MessagePack(str(contents["en"]["version"]), texts), voices)


def _check(language: str, own: Mapping[str, str], first: Mapping[str, str]) -> None:
    file = f"calls/{language}.yaml"
    for key in sorted({*own, *first, *QUESTIONS, *map(twin_of, (*QUESTIONS, "who", "menu", "pain"))}):
        if key not in own or key not in first:
            raise PackError(file, key, "is not in every language")
        for trouble in _troubles(key, language, own[key], first[key]):
            raise PackError(file, key, trouble)


def _troubles(key: str, language: str, text: str, first: str) -> list[str]:
    unknown = placeholders(text) - VALUES.keys()
    if unknown:
        return [f"unknown placeholder {min(unknown)}"]
    found = [f"names {word}" for word in named_conditions(text)]
    if placeholders(text) != placeholders(first):
        found.append("needs other values than the same text in another language")
    if "name" in placeholders(text) and key not in NAMES:
        found.append("must not say a name")
    if key == "machine" and placeholders(text) != {"clinic", "phone"}:
        found.append("must say the clinic's name and number alone")
    grade = reading_grade(filled(text, VALUES))
    return [*found, f"reads at grade {grade:.1f}"] if language == "en" and grade > HARDEST_GRADE else found


@cache
def call_plan() -> CallPlan:
    """When and how often calls are made. Raises PackError."""
    section = Section("calls/plan.yaml", "plan", load_yaml("calls/plan.yaml"))
    section.text("source")
    section.text("signed_off_by")
    plan = CallPlan(
        version=section.text("version"),
        ring_seconds=section.whole("ring_seconds", 10, 120),
        waits=tuple(timedelta(minutes=_minutes(section, one)) for one in section.items("wait_minutes")),
        least_apart=timedelta(minutes=section.whole("least_minutes_apart", 15, 720)),
        least_left=timedelta(minutes=section.whole("least_minutes_left", 5, 120)),
        unreached_tier=Tier(section.choice("unreached_tier", ("urgent", "today", "review"))),
        respond_minutes=section.whole("respond_minutes", 15, 7 * 24 * 60),
    )
    section.close()
    return plan


def _minutes(section: Section, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 30 <= value <= 720:
        raise section.error("wait_minutes must be whole minutes from 30 to 720")
    return value
