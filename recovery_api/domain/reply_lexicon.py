"""Takes a reply apart: every word becomes one character that stands for the set of things it may mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from recovery_api.domain.errors import PackError
from recovery_api.domain.reply_spelling import Spelling
from recovery_api.domain.reply_vocabulary import (
    Packs,
    compounds,
    meanings,
    number_concepts,
    number_kinds,
    own_words,
    phrases,
    spelled_numbers,
    tell_tale_words,
)
from recovery_api.domain.reply_words import VERTEBRA, number, pieces, plain

_FIRST_CODE = 0xE000
_KEPT_WORDS = 20_000
_MOST_PIECES = 1000
_OUT_OF, _OUT_OF_TEN = "outof", frozenset({("outof", "10"), ("outof", "ten")})
_CLOCK, _LONG = frozenset({"CLOCK_TIME"}), frozenset({"LONG"})
_PLURAL_FROM, _FOREIGN_FROM = 4, 5
_MARKS = {
    ".": "FULL_STOP", "?": "FULL_STOP QUESTION_MARK", ",": "COMMA", "/": "SLASH", "-": "DASH", "+": "PLUS",
    "%": "PERCENT", "$": "MONEY", "*": "STAR", "<": "LESS_THAN", ">": "MORE_THAN", "&": "ALSO", VERTEBRA: "VERTEBRA",
}  # fmt: skip


@dataclass(slots=True)
class Words:
    """A reply taken apart: its pieces, one character for each, and the values of those that are numbers.

    `misheard` are the codes once more with the words that a dictation machine mistakes for others ("feat" for
    "feet"), blank where there are none: dangers are looked for in both. `raw` is the text as it came.
    """

    text: str
    pieces: list[str]
    codes: str
    values: dict[int, float]
    language: str
    misheard: str = ""
    raw: str = ""


class _Remembered(dict[str, str]):
    """What is known of words, and what was worked out for the last strange ones."""

    def __init__(self, known: Mapping[str, str], work_out: Callable[[str], str]) -> None:
        super().__init__(known)
        self._known, self._work_out = known, work_out

    def __missing__(self, word: str) -> str:
        if len(self) > len(self._known) + _KEPT_WORDS:
            for strange in list(self)[len(self._known) :]:
                self.pop(strange, None)
        answer = self[word] = self._work_out(word)
        return answer


class Lexicon:
    """The words of all language packs; a word that is everyday speech in one language keeps to that meaning there.

    `numeric` and `marks` are the characters of numbers, and of marks such as commas.
    """

    def __init__(self, packs: Packs) -> None:
        self._codes: dict[frozenset[str], str] = {}
        self._by_concept: dict[str, list[str]] = {}
        self._chars: dict[tuple[str, ...], str] = {}
        self._phrases, self._compounds = phrases(packs), compounds(packs)
        self._tell_tales = tell_tale_words(packs)
        self._spelling = {
            language: Spelling(
                own_words(packs, language),
                {*pack["not_typos"].split(), *pack.get("misheard", ())},
                pack.get("endings", "").split(),
            )
            for language, pack in packs.items()
        }
        self._other_spellings = {first for first, ends in self._phrases.items() for rest, _ in ends if not rest}
        self._openings = {(first, rest[0]) for first, ends in self._phrases.items() for rest, _ in ends if rest}
        self._vocabulary = {language: self._encoded(meanings(packs, language)) for language in packs}
        self._spelled = {language: spelled_numbers(packs, language) for language in packs}
        self._sounds = {language: pack.get("sounds_like", {}) for language, pack in packs.items()}
        self._misheard = {language: pack.get("misheard", {}) for language, pack in packs.items()}
        self._known = frozenset[str]().union(*self._vocabulary.values())
        self._word, self._plural = self._code(frozenset({"STRANGER"})), self._code(frozenset({"PLURAL"}))
        self._numbers = {kind: self._code(kind) for kind in number_kinds() | {_CLOCK, _LONG}}
        self.numeric = frozenset(self.chars("DIGITS") + "".join(self._numbers.values()))
        self.marks = frozenset(coded[mark] for coded in self._vocabulary.values() for mark in _MARKS)
        self._meant = {
            name: _Remembered({w: w for w in self._vocabulary[name]}, partial(self._correction, name)) for name in packs
        }
        self._coded = {name: _Remembered(self._vocabulary[name], self._number_or_stranger) for name in packs}

    def _encoded(self, words: dict[str, set[str]]) -> dict[str, str]:
        for mark, names in _MARKS.items():
            words.setdefault(mark, set()).update(names.split())
        words["?"] |= words["."]
        return {word: self._code(frozenset(concepts)) for word, concepts in words.items()}

    def _code(self, concepts: frozenset[str]) -> str:
        if concepts not in self._codes:
            self._codes[concepts] = chr(_FIRST_CODE + len(self._codes))
            for concept in concepts:
                self._by_concept.setdefault(concept, []).append(self._codes[concepts])
        return self._codes[concepts]

    def chars(self, *concepts: str) -> str:
        """The characters of all words with one of the concepts. Raises PackError where no word has it."""
        if concepts not in self._chars:
            self._chars[concepts] = self._united(concepts)
        return self._chars[concepts]

    def _united(self, concepts: tuple[str, ...]) -> str:
        missing = [concept for concept in concepts if concept not in self._by_concept]
        if missing:
            raise PackError("replies", " ".join(sorted(missing)), "no word has this meaning")
        return "".join(dict.fromkeys(code for concept in concepts for code in self._by_concept[concept]))

    def read(self, text: str, language: str) -> Words:
        """`text` as words of the language that it seems to be written in, else of `language`."""
        cleaned = plain(text)
        raw = self._parted(pieces(cleaned, self._known.__contains__)[:_MOST_PIECES])
        guess = self._told_language(raw, language)
        meant = self._meant[guess]
        found = self._joined([meant[piece] for piece in raw])
        if _OUT_OF in found:
            found = self._heard_scores(found, self._sounds[guess])
        told = guess if found == raw else self._told_language(found, language)
        coded, heard = self._coded[told], self._misheard[told]
        codes = "".join([coded[piece] for piece in found])
        values = {} if self.numeric.isdisjoint(codes) else self._values(found, codes, told)
        misheard = "" if heard.keys().isdisjoint(found) else self._second_hearing(found, codes, told)
        return Words(cleaned, found, codes, values, told, misheard, text)

    def _values(self, found: list[str], codes: str, language: str) -> dict[int, float]:
        """The values of the words that are numbers, by their places."""
        spelled, vocabulary = self._spelled[language], self._vocabulary[language]
        values = {}
        for i, (piece, code) in enumerate(zip(found, codes, strict=True)):
            if code in self.numeric:
                value = spelled.get(piece) if piece in vocabulary else number(piece)
                if value is not None:
                    values[i] = value
        return values

    def _second_hearing(self, found: list[str], codes: str, language: str) -> str:
        """The codes with each word that dictation writes for another read as that other."""
        heard, vocabulary = self._misheard[language], self._vocabulary[language]
        return "".join([vocabulary[heard[p]] if p in heard else code for p, code in zip(found, codes, strict=True)])

    @staticmethod
    def _heard_scores(found: list[str], sounds: Mapping[str, int]) -> list[str]:
        """`found` with the score for a word that sounds like it, where "out of ten" follows ("ate out of ten")."""
        after = [*pairwise(found[1:]), ("", ""), ("", "")]
        return [
            str(sounds[word]) if word in sounds and end in _OUT_OF_TEN else word
            for word, end in zip(found, after, strict=False)
        ]

    def _parted(self, found: list[str]) -> list[str]:
        """`found` with words run together, such as "nopain", as two words."""
        if self._compounds.keys().isdisjoint(found):
            return found
        return [part for piece in found for part in self._compounds.get(piece, (piece,))]

    def _joined(self, found: list[str]) -> list[str]:
        """`found` with phrases such as "can not" as one word."""
        if self._openings.isdisjoint(pairwise(found)) and self._other_spellings.isdisjoint(found):
            return found
        joined: list[str] = []
        i = 0
        while i < len(found):
            ends = self._phrases.get(found[i])
            rest, whole = _phrase_at(found, i, ends) if ends else (0, found[i])
            joined.append(whole)
            i += 1 + rest
        return joined

    def _told_language(self, found: list[str], fallback: str) -> str:
        known = fallback if fallback in self._vocabulary else next(iter(self._vocabulary))
        votes = [name for name in map(self._tell_tales.get, found) if name]
        if not votes or votes.count(votes[0]) == len(votes):
            return votes[0] if votes else known
        return max(self._vocabulary, key=lambda name: (votes.count(name), name == known))

    def _correction(self, language: str, piece: str) -> str:
        """The word that a slip of the finger hid, else the piece itself.

        A word of another language is thought of only where the piece is no ordinary word of this one.
        """
        if not piece.isalpha():
            return piece
        ordinary = self._spelling[language].is_ordinary(piece)
        others = [] if ordinary or len(piece) < _FOREIGN_FROM else [n for n in self._spelling if n != language]
        found = (self._spelling[name].correct(piece) for name in [language, *others])
        return next((word for word in found if word), piece)

    def _number_or_stranger(self, piece: str) -> str:
        """The code of a piece that is no known word."""
        if not any(c.isdecimal() for c in piece):
            return self._plural if len(piece) >= _PLURAL_FROM and piece.endswith("s") else self._word
        value = number(piece)
        if value is not None:
            slip = not piece.replace(".", "").replace(",", "").isdecimal()
            return self._numbers[number_concepts(value, slip=slip)]
        return self._numbers[_CLOCK if ":" in piece else _LONG] if piece[0].isdecimal() else self._word


def _phrase_at(found: list[str], i: int, ends: list[tuple[list[str], str]]) -> tuple[int, str]:
    """How many further words the phrase at place `i` takes, and the one word that it stands for."""
    for rest, whole in ends:
        if found[i + 1 : i + 1 + len(rest)] == rest:
            return len(rest), whole
    return 0, found[i]
