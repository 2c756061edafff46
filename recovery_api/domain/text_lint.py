"""The linter of texts: one GSM-7 segment or an agreed two, plain words, no name or diagnosis, no carrier's answer."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from recovery_api.domain.labels import LONGEST_LABEL
from recovery_api.domain.messages import filled, placeholders
from recovery_api.domain.private_words import named_conditions
from recovery_api.domain.segments import measure, not_gsm
from recovery_api.domain.wording import labelled

MOST_SEGMENTS = 1
HARDEST_GRADE = 6.0

# The longest values that can stand in a text of any language; the enrolment form holds clinic names to this length.
LONGEST_VALUES: Mapping[str, str] = {
    "clinic": "Northside Spine Clinic",
    "phone": "(555) 555-0100",
    "emergency": "911",
    "lifeline": "988",
    "n": "10",
    "a": "10",
    "b": "10",
    "h": "24",
    "date": "miércoles 30 de septiembre",
    "time": "10:30 AM",
    "lifting_pounds": "25",
    "drive_on": "miércoles 30 de septiembre",
    "shower_hours": "96",
    "acetaminophen_mg": "4000",
    "fasting_hour": "la medianoche",
    "labels": "ABCDEFGH, BCDEFGHI, CDEFGHIJ",
    "first": "ABCDEFGH",
    "tier": "emergency",
    "code": "7KQ2MX4T",
    "about": "https://checkin.northside-spine.example/about",
    "link": "https://checkin.northside-spine.example/c/mzxw6ytboi3dknrxgqzdgnbvgy",
}

# What differs between languages: the longest as `date_words` and `hour_words` say it there.
_LONGEST_IN: Mapping[str, Mapping[str, str]] = {
    "en": {"date": "Wed Sep 30", "drive_on": "Wed Sep 30", "fasting_hour": "10:30 PM"},
}

# These go to the clinic's own people, whose phones have no label; any other text may stand behind one.
NEVER_LABELLED = frozenset({"page_clinician", "page_assigned", "page_taken", "page_gone", "login_code"})
_LABEL = LONGEST_VALUES["first"][:LONGEST_LABEL]

# Words that carriers or the law act on when they are a whole message.
RESERVED = frozenset(
    {
        "STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "REMOVE", "START", "UNSTOP",
        "YES", "NO", "SI", "HELP", "INFO", "ALTO", "PARAR", "CANCELAR", "ARRET", "ARRETE", "AYUDA",
    }
)  # fmt: skip
# These texts must say how to leave, come back or get help.
_CARRIER_WORDS = {
    "enrol_ask": {"START", "STOP", "HELP"},
    "enrol_ask_caregiver": {"START", "STOP", "HELP"},
    "enrol_welcome": {"STOP"},
    "started": {"STOP"},
    "stopped": {"START"},
    "help": {"STOP"},
}
_PERSONAL = frozenset({"name", "patient", "first_name", "last_name", "birthday"})
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_ANSWER = re.compile(
    r"\b(?:reply|respond|answer|text|responda|conteste|escriba|mande|env[ií]e)\s+(?:(?:with|con)\s+)?(\w+)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"^([A-Z])(?= )", re.MULTILINE)
_CHOICES = re.compile(r"\b(?:reply|responda)\s+(\d)\b[^.?!]*?\b(\d)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]*\w[^.!?\n]*")
_WORD = re.compile(r"[A-Za-z0-9']+")
_VOWELS = re.compile(r"[aeiouy]+")


def problems(
    key: str,
    language: str,
    text: str,
    values: Mapping[str, str] | None = None,
    most_segments: int = MOST_SEGMENTS,
) -> list[str]:
    """Everything that is wrong with one text, each as a short sentence; an empty list where it may be sent.

    `values` are the longest that can occur, those of any clinic where None. With `most_segments` 2, an agreed budget,
    letters outside of GSM-7 are let in.
    """
    values = longest_values(language) if values is None else values
    unknown = placeholders(text) - values.keys()
    if unknown:
        return [f"unknown placeholder {name}" for name in sorted(unknown)]
    longest = filled(text, values)
    return [
        *_size_problems(key, longest, most_segments),
        *[f"names {found!r}" for found in named_conditions(text)],
        *[f"carries personal data: {name}" for name in sorted(placeholders(text) & _PERSONAL)],
        *[f"uses {word} as an answer" for word in _reserved_answers(key, text)],
        *_grade_problems(language, longest),
    ]


def longest_values(language: str, of_clinic: Mapping[str, str] = MappingProxyType({})) -> Mapping[str, str]:
    """The longest values that can stand in a text of this language, as its phones show them.

    A value `of_clinic` takes the place of the general one where it costs more: no shorter one is relied upon, as a
    clinic may move its name, phone or address to the longest.
    """
    longest = {**LONGEST_VALUES, **_LONGEST_IN.get(language, {})}
    dearer = {name: value for name, value in of_clinic.items() if _cost(value) > _cost(longest.get(name, ""))}
    return {**longest, **dearer}


def _cost(value: str) -> tuple[bool, int]:
    """Whether a value is dear by its letters, and how many characters it takes."""
    return bool(not_gsm(value)), measure(value).characters


def in_full(key: str, longest: str) -> str:
    """A text with its longest values as it leaves for a shared phone or a caregiver's: behind the longest label."""
    return longest if key in NEVER_LABELLED else labelled(longest, _LABEL)


def own_problems(
    key: str,
    language: str,
    text: str,
    shipped: str,
    most_segments: int,
    of_clinic: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """What is wrong with a clinic's own wording of a shipped text: it must ask for, name and fill in the same.

    It is measured with the values `of_clinic` where those are longer than anybody's.
    """
    if not text.strip():
        return ["is empty"]
    if placeholders(text) - LONGEST_VALUES.keys():
        return problems(key, language, text)
    return [
        *problems(key, language, text, longest_values(language, of_clinic), most_segments),
        *[f"lost {{{name}}}" for name in sorted(placeholders(shipped) - placeholders(text))],
        *[f"must not use {{{name}}}" for name in sorted(placeholders(text) - placeholders(shipped))],
        *[f"lost the answer {answer}" for answer in _answers(shipped) if answer not in _answers(text)],
    ]


def _answers(text: str) -> list[str]:
    """What a text tells its reader to answer: words in capitals, letters at the start of a line, digits to choose."""
    choices = [digit for pair in _CHOICES.findall(text) for digit in pair]
    return list(dict.fromkeys([*_CAPITALS.findall(text), *_LETTERS.findall(text), *choices]))


def _size_problems(key: str, longest: str, most_segments: int) -> list[str]:
    forced = not_gsm(longest) if most_segments == MOST_SEGMENTS else []
    found = [f"{character!r} at {place} is not in GSM-7" for place, character in forced]
    size = measure(in_full(key, longest))
    if size.segments > most_segments:
        found.append(f"takes {size.segments} segments ({size.characters} characters, the letters of a phone included)")
    return found


def _reserved_answers(key: str, text: str) -> list[str]:
    allowed = _CARRIER_WORDS.get(key, set())
    asked_for = [*_CAPITALS.findall(text), *map(str.upper, _ANSWER.findall(text))]
    return [word for word in dict.fromkeys(asked_for) if word in RESERVED and word not in allowed]


def _grade_problems(language: str, longest: str) -> list[str]:
    if language != "en":
        return []
    grade = reading_grade(longest)
    return [f"reads at grade {grade:.1f}"] if grade > HARDEST_GRADE else []


def reading_grade(text: str) -> float:
    """The Flesch-Kincaid grade of an English text (Kincaid 1975), with syllables counted as groups of vowels."""
    sentences = max(len(_SENTENCE.findall(text)), 1)
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return 0.39 * len(words) / sentences + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def _syllables(word: str) -> int:
    lower = word.lower()
    groups = len(_VOWELS.findall(lower))
    silent = lower.endswith("e") and not lower.endswith(("le", "ee")) and groups > 1
    return max(groups - silent, 1)
