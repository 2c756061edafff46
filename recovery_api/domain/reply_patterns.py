"""Patterns over what words mean, such as "CANNOT _ FEEL _ LEG", matched on the one-character codes of a reply.

Elements are separated by spaces. `my` is that word or mark, `LEG` any word of that concept, `LEG|arm` either. `LEG?`
may be absent, `LEG*` repeated or absent, `!far` means not followed by. `NUMBER` is any number (its place is kept),
`NUMBER:TEN` a number of that concept. `_` stands for up to four words, `__` for up to six, `~` for up to five that
carry no weight ("is about a"). `A & B` are near each other in either order; `>` is the end of a clause, also as the
last alternative (`on|>`); `^` and `$` are the ends of the message. No gap reaches over a stop, a comma or a "but".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from recovery_api.domain.errors import PackError
from recovery_api.domain.reply_lexicon import Lexicon
from recovery_api.domain.reply_vocabulary import Packs

Label = TypeVar("Label")

_BREAKS = ("FULL_STOP", "TURN", "COMMA")
_OPENS = "^"
_NUMBER, _NUMBER_OF = "NUMBER", "NUMBER:"
_REPEATS = {"?": "?", "*": "{0,12}"}
_DENIALS = ("WITHOUT", "NOT", "CANNOT", "WONT")
_RAREST = 3
_COLUMNS = _RAREST + 1


@dataclass(slots=True)
class Match(Generic[Label]):
    """Where a pattern was found; `number` is the place of its remembered number, -1 where it has none."""

    label: Label
    start: int
    end: int
    number: int
    denies: bool


@dataclass(slots=True)
class _Pattern(Generic[Label]):
    """One pattern, compiled when it is first tried."""

    label: Label
    elements: list[str]
    denies: bool
    expression: re.Pattern[str] | None = None


class PatternIndex:
    """Tells in one pass which patterns of many sets a text may hold: those whose rarest elements all occur in it.

    Which patterns a character may serve is one large number, a bit for each pattern in each of `_COLUMNS` columns: one
    for each of the rarest elements, and one for the first element of a pattern that only opens a text.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._needed: list[list[str]] = []

    def add(self, needed: list[list[str]]) -> int:
        """Takes in the characters of the rarest elements of one set's patterns; gives the place of the first."""
        first = len(self._needed)
        self._needed += needed
        vars(self).pop("_columns", None)
        return first

    @cached_property
    def _columns(self) -> tuple[int, int, dict[str, int], frozenset[str]]:
        """The number of patterns, the bits of the columns that need nothing, and the bits that each character sets."""
        size, free, places = len(self._needed), 0, dict[str, list[int]]()
        for i, choices in enumerate(self._needed):
            for column in range(_COLUMNS):
                place = column * size + i
                if not choices[column]:
                    free |= 1 << place
                for char in choices[column]:
                    places.setdefault(char if column < _RAREST else _OPENS + char, []).append(place)
        rows = dict[int, int]()
        serves = {char: rows.setdefault(row, row) for char, row in ((c, _bits(where)) for c, where in places.items())}
        return size, free, serves, frozenset(serves)

    def possible(self, codes: str) -> int:
        """The patterns that a text, or any other made of some of its characters, may hold: a bit each."""
        size, bits, serves, served = self._columns
        for char in served.intersection(codes):
            bits |= serves[char]
        bits |= serves.get(_OPENS + codes[:1], 0)
        return bits & (bits >> size) & (bits >> 2 * size) & (bits >> 3 * size) & ((1 << size) - 1)


class PatternSet(Generic[Label]):
    """Many patterns at once: only those that the index holds possible are tried on a text."""

    def __init__(self, index: PatternIndex, patterns: Iterable[tuple[Label, str]]) -> None:
        self._index, self._lexicon = index, index.lexicon
        self._patterns: list[_Pattern[Label]] = []
        breaks = self._lexicon.chars(*_BREAKS)
        self._denials = frozenset(self._lexicon.chars(*_DENIALS))
        self._fixed = {
            "_": f"[^{breaks}]{{0,4}}",
            "__": f"[^{breaks}]{{0,6}}",
            "~": f"[{self._lexicon.chars('FILLER')}]{{0,5}}",
            ">": f"(?=[{breaks}]|$)",
            "^": "^",
            "$": "$",
        }
        needed = [self._needed(label, one, pattern) for label, pattern in patterns for one in _orders(pattern)]
        self._first, self._all = index.add(needed), (1 << len(needed)) - 1
        self._rarest = [choices[0] for choices in needed]

    def _needed(self, label: Label, ordered: str, pattern: str) -> list[str]:
        """Keeps one pattern; gives the characters of its rarest elements, each of which must occur."""
        elements = ordered.split()
        try:
            for element in elements:
                if element not in self._fixed:
                    self._chars(element.removesuffix("|>"))
            choices = [self._chars(element) for element in elements if _counts(element)]
        except PackError as error:
            raise PackError("replies", pattern, f"{error.where}: {error.reason}") from None
        if not choices:
            raise PackError("replies", ordered, "has no word that must be there")
        self._patterns.append(_Pattern(label, elements, any(not self._denials.isdisjoint(c) for c in choices)))
        rarest = sorted(choices, key=len)[:_RAREST]
        opening = self._chars(elements[1]) if elements[0] == "^" and _counts(elements[1]) else ""
        return [*rarest, *[""] * (_RAREST - len(rarest)), opening]

    def _chars(self, element: str) -> str:
        names = element.strip("!?*") if len(element) > 1 else element
        if names == _NUMBER:
            return self._lexicon.chars("DIGITS")
        return self._lexicon.chars(*names.removeprefix(_NUMBER_OF).split("|"))

    def _expression(self, element: str) -> str:
        if element in self._fixed:
            return self._fixed[element]
        if element.endswith("|>"):
            return f"(?:{self._expression(element[:-2])}|{self._fixed['>']})"
        chars = f"[{self._chars(element)}]"
        if element[0] == "!":
            return f"(?!{chars})"
        if element == _NUMBER or element.startswith(_NUMBER_OF):
            return f"({chars})"
        return chars + _REPEATS.get(element[-1] if len(element) > 1 else "", "")

    def _compiled(self, pattern: _Pattern[Label]) -> re.Pattern[str]:
        pattern.expression = re.compile("".join([self._expression(element) for element in pattern.elements]))
        return pattern.expression

    def search(
        self, codes: str, possible: int | None = None, start: int = 0, end: int | None = None
    ) -> list[Match[Label]]:
        """Every place from `start` to `end` where a pattern is found; `possible` is what the index says of `codes`."""
        tried = ((self._index.possible(codes) if possible is None else possible) >> self._first) & self._all
        found: list[Match[Label]] = []
        if not tried:
            return found
        denials, stop = self._denials, len(codes) if end is None else end
        while tried:
            highest = tried.bit_length() - 1
            tried ^= 1 << highest
            pattern = self._patterns[highest]
            expression = pattern.expression or self._compiled(pattern)
            m = expression.search(codes, start, stop)
            while m:
                first, last = m.span()
                denies = pattern.denies and not denials.isdisjoint(codes[first:last])
                found.append(Match(pattern.label, first, last, m.start(1) if expression.groups else -1, denies))
                m = expression.search(codes, last, stop)
        return found

    def rarest(self) -> frozenset[str]:
        """The characters of which a text must have one, for any pattern to be found in it."""
        return frozenset("".join(self._rarest))


def _bits(places: list[int]) -> int:
    """The number with a bit at each of the places."""
    row = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        row[place // 8] |= 1 << place % 8
    return int.from_bytes(row, "little")


def named_patterns(packs: Packs, *names: str) -> list[tuple[str, str]]:
    """The patterns of all packs under some names, each with its name; a pack may leave any of them out."""
    return [(name, p) for pack in packs.values() for name in names for p in pack["patterns"].get(name, ())]


def _counts(element: str) -> bool:
    """Whether an element stands for a word that must be there."""
    return element[0] not in "!_~^$" and element[-1] not in "?*>"


def _orders(pattern: str) -> list[str]:
    """A pattern with "&" as the patterns of its two orders."""
    left, near, right = pattern.partition(" & ")
    return [f"{left} _ {right}", f"{right} _ {left}"] if near else [pattern]
