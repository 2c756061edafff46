"""Coaching by answer: what was told yesterday chooses one lesson more for today, with the reason kept."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta

from recovery_api.domain.check_in import ACTIVITY_LEVELS
from recovery_api.domain.errors import PackError
from recovery_api.domain.pack_section import Section
from recovery_api.domain.protocol_steps import LAST_DAY, local_time
from recovery_api.domain.reply_words import plain

SLOT = "coaching"  # of the reminder; one a day
_DENIED = re.compile(r"\b(?:no|not|never|nothing|didnt|dont|havent|cant|nunca|nada|sin)\b(?:\W+\w+){0,2}\W+$")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: its text, and what calls for it: a level of activity, or words by language."""

    id: str
    text_key: str
    activity: frozenset[str]
    words: tuple[re.Pattern[str], ...]
    least_day: int


@dataclass(frozen=True, slots=True)
class Coaching:
    """The lessons, the most important first, the local time at which they leave, and when one may come again."""

    at: time
    again_after: timedelta
    signed_off_by: str
    lessons: tuple[Lesson, ...]


@dataclass(frozen=True, slots=True)
class DayTold:
    """What one local day told: days since the procedure, levels of activity, and the patient's own texts."""

    day: int
    activity: Collection[str]
    texts: Sequence[str]


def read_coaching(section: Section) -> Coaching:
    """The coaching of a protocol. Raises PackError."""
    coaching = Coaching(
        at=local_time(section, "at"),
        again_after=timedelta(days=section.whole("again_after_days", 1, 60)),
        signed_off_by=section.text("signed_off_by"),
        lessons=tuple(_lesson(section, number, item) for number, item in enumerate(section.items("lessons"), 1)),
    )
    section.close()
    return coaching


def _lesson(section: Section, number: int, content: object) -> Lesson:
    part = Section(section.file, f"{section.where}, lesson {number}", content)
    lesson = Lesson(
        id=part.text("id"),
        text_key=part.text("text"),
        activity=frozenset(map(str, part.items("activity"))) if part.has("activity") else frozenset(),
        words=_words(part) if part.has("words") else (),
        least_day=part.whole("least_day", 0, LAST_DAY) if part.has("least_day") else 1,
    )
    part.close()
    if lesson.activity - set(ACTIVITY_LEVELS) or not (lesson.activity or lesson.words):
        raise PackError(section.file, part.where, "must name words, or activity by its levels")
    return lesson


def _words(part: Section) -> tuple[re.Pattern[str], ...]:
    """Words as they are searched in a plain text; a star stands for any ending."""
    by_language = part.take("words")
    if not isinstance(by_language, Mapping) or not all(map(_are_words, by_language.values())):
        raise part.error("words must be lists by language, in quotes where one looks like a number, yes or no")
    return tuple(_searched(word) for words in by_language.values() for word in words)


def _are_words(listed: object) -> bool:
    return isinstance(listed, list) and all(isinstance(word, str) and plain(word).strip("* ") for word in listed)


def _searched(word: str) -> re.Pattern[str]:
    stem, ending = re.escape(plain(word.rstrip("*"))), r"\w*" if word.endswith("*") else ""
    return re.compile(rf"\b{stem}{ending}\b")


def choose_lesson(coaching: Coaching, told: DayTold, sent_lately: Collection[str]) -> tuple[Lesson, str] | None:
    """The first lesson that fits and was not sent lately, with the reason in words; None where none does."""
    texts = [plain(text) for text in told.texts]
    for lesson in coaching.lessons:
        reason = _reason(lesson, told, texts)
        if reason is not None and told.day >= lesson.least_day and lesson.text_key not in sent_lately:
            return lesson, reason
    return None


def _reason(lesson: Lesson, told: DayTold, texts: Sequence[str]) -> str | None:
    levels = sorted(lesson.activity.intersection(told.activity))
    if levels:
        return f"{lesson.id}: activity {levels[0]} on day {told.day}"
    found = any(_says(text, word) for text in texts for word in lesson.words)
    return f"{lesson.id}: their own words on day {told.day}" if found else None


def _says(text: str, word: re.Pattern[str]) -> bool:
    """Whether a text says a word and does not deny it just before."""
    return any(_DENIED.search(text[: found.start()]) is None for found in word.finditer(text))
