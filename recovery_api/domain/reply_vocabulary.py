"""The words of the language packs: what each may mean, how numbers are spelled, which words tell the language."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Pack = Mapping[str, Any]
Packs = Mapping[str, Pack]

_ALTERNATIVES = re.compile(r"[^\s|?*!^$<>&~_#]+")
_FEVER_C, _FEVER_F = 38.0, 100.4
_WARMEST_C, _WARMEST_F = 43.0, 110.0
_COOLEST_C, _COOLEST_F = 34.0, 93.0
_LONGEST = 9999
_LONG_AGO = 2020  # a death of that year or before is not the patient's
_MANY_FROM, _MANY_TO = 8, 100  # more pills than one takes at once
_LOW_OXYGEN = range(50, 92)  # per cent, what a fingertip reads where somebody lacks air
_WEIGHTY, _TOO_SHORT = 9, 3
# Words of daily life: no slip of the finger is thought to hide one of them.
NO_TARGETS = {
    *("PLAIN", "OTHERS", "RELATIONS", "KIN", "OURS", "TELLS", "SPEAKS_AS", "LEADS"),
    *(
        "NAMED",
        "NAMED_TOO",
        "DOING",
        "FUNCTIONS",
        "QUALIFIES",
        "GOES_ON",
        "WHERE",
        "WHERE_TOO",
        "WHENEVER",
        "DETERMINES",
    ),
    *("SIDES", "SO", "SO_FAR", "CLOSES", "STARTS", "ASSERTS", "TOUCHES"),
    *("RATES", "THIRD", "WHOSE", "RATED", "NUISANCE", "THEY", "LINKS", "WAS", "THINGS", "FOR"),
}


def concept_words(pack: Pack, concept: str) -> Iterator[str]:
    """The words of one concept; "+other" among them stands for all words of that other concept."""
    for word in str(pack["words"].get(concept, "")).split():
        if word.startswith("+"):
            yield from concept_words(pack, word[1:])
        else:
            yield word


def meanings(packs: Packs, language: str) -> dict[str, set[str]]:
    """The concepts of every word as a writer of `language` means it: other languages fill in where it says nothing."""
    everyday = set(packs[language]["everyday"].split())
    found: dict[str, set[str]] = {}
    for name, pack in packs.items():
        for concept in pack["words"]:
            for word in concept_words(pack, concept):
                if name == language or word not in everyday:
                    found.setdefault(word, set()).add(concept)
    for word in everyday:
        found.setdefault(word, set())
    for word, value in spelled_numbers(packs, language).items():
        found.setdefault(word, set()).update(number_concepts(value))
    for word in literal_words(packs):
        found.setdefault(word, set()).add(word)
    return found


def spelled_numbers(packs: Packs, language: str) -> dict[str, float]:
    """The values of number words, as a writer of `language` means them."""
    everyday = set(packs[language]["everyday"].split())
    found: dict[str, float] = {}
    for name, pack in packs.items():
        for value, words in pack["numbers"].items():
            found.update({w: float(value) for w in words.split() if name == language or w not in everyday})
    return found


def literal_words(packs: Packs) -> set[str]:
    """Words in small letters, and marks, that some pattern of a pack names as such."""
    texts = (text for pack in packs.values() for text in _texts(pack["patterns"]))
    return {word for text in texts for word in _ALTERNATIVES.findall(text) if word == word.lower()}


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in (node["patterns"],) if "patterns" in node else node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def compounds(packs: Packs) -> dict[str, list[str]]:
    """Two words run together ("nopain") by their two parts."""
    words = {word for pack in packs.values() for word in pack.get("compounds", "").split()}
    known = words.union(*map(_own_words, packs.values()))
    found = {a + b: [a, b] for a in words for b in words if a != b and a + b not in known}
    counted = (word for pack in packs.values() for spelled in pack["numbers"].values() for word in spelled.split())
    roughly = {word + ending: [word, ending] for word in counted for ending in _endings(packs)}
    return {**roughly, **found}


def _endings(packs: Packs) -> list[str]:
    """What people hang on a number to say that it is rough ("fiveish")."""
    return [ending for pack in packs.values() for ending in pack.get("roughly", "").split()]


def own_words(packs: Packs, language: str) -> dict[str, int]:
    """The words of one language alone that a slip of the finger may hide, weighed by how much each may mean.

    Number words of three letters are left out: too many words are near them, and a score must never be a guess.
    """
    pack = packs[language]
    spelled = {words.split()[0] for words in pack["numbers"].values()}
    weights = Counter(pack["everyday"].split())
    weights.update(literal_words({language: pack}))
    weights.update(word for phrase in pack["phrases"] for word in phrase.split())
    sought = [concept for concept in pack["words"] if concept not in NO_TARGETS]
    weights.update(word for concept in sought for word in concept_words(pack, concept))
    for concept in pack["weighty"].split():
        weights.update(dict.fromkeys(concept_words(pack, concept), _WEIGHTY))
    weights.update(spelled)
    return {word: weight for word, weight in weights.items() if word not in spelled or len(word) > _TOO_SHORT}


def phrases(packs: Packs) -> dict[str, list[tuple[list[str], str]]]:
    """Phrases to be read as one word ("can not" as "cannot"), by their first word, the longest first."""
    found: dict[str, list[tuple[list[str], str]]] = {}
    for pack in packs.values():
        for phrase, whole in pack["phrases"].items():
            first, *rest = phrase.split()
            found.setdefault(first, []).append((rest, whole))
    return {first: sorted(ends, key=lambda end: -len(end[0])) for first, ends in found.items()}


def tell_tale_words(packs: Packs) -> dict[str, str]:
    """The language of each word that only one of the languages has."""
    own = {name: set(pack["everyday"].split()) | _own_words(pack) for name, pack in packs.items()}
    return {
        word: name
        for name, words in own.items()
        for word in words
        if not any(word in others for other, others in own.items() if other != name)
    }


def _own_words(pack: Pack) -> set[str]:
    counted = {word for words in pack["numbers"].values() for word in words.split()}
    return counted | {word for concept in pack["words"] for word in concept_words(pack, concept)}


def number_concepts(value: float, *, slip: bool = False) -> frozenset[str]:
    """What a number of that value may be: a score, a year, a temperature around fever (38 C, 100.4 F), low oxygen."""
    if value > _LONGEST:
        return frozenset({"LONG"})
    whole = value == int(value)
    tests = {
        "DIGITS": True,
        "SLIP": slip,
        "SCORE_VALUE": whole and value <= 10,
        "ZERO": value == 0,
        "LOW": value in (0, 1),
        "ONE": value == 1,
        "TWO": value == 2,
        "TEN": value == 10,
        "LARGE": value > 11,
        "MANY": whole and _MANY_FROM <= value <= _MANY_TO,
        "LOW_OXYGEN": value in _LOW_OXYGEN,
        "DECIMAL": not whole,
        "HOT": _FEVER_C <= value <= _WARMEST_C or _FEVER_F <= value <= _WARMEST_F,
        "HOT_DECIMAL": not whole and (_FEVER_C <= value <= _WARMEST_C or _FEVER_F <= value <= _WARMEST_F),
        "COOL": _COOLEST_C <= value < _FEVER_C or _COOLEST_F <= value < _FEVER_F,
        "YEAR": whole and 1900 <= value <= 2100,
        "LONG_AGO": whole and 1900 <= value <= _LONG_AGO,
    }
    return frozenset(name for name, holds in tests.items() if holds)


def number_kinds() -> set[frozenset[str]]:
    """Every set of concepts that a number may have."""
    samples = [tenths / 10 for tenths in range(1200)] + [2000.0, 2030.0, 5000.0]
    return {number_concepts(value, slip=slip) for value in samples for slip in (True, False)}
