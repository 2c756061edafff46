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
from functools import lru_cache
from typing import Generic, TypeVar

from recovery_api.domain.errors import PackError
from recovery_api.domain.reply_lexicon import Lexicon
from recovery_api.domain.reply_vocabulary import Packs

Label = TypeVar("Label")

_BREAKS = ("FULL_STOP", "TURN", "COMMA")
_NUMBER, _NUMBER_OF = "NUMBER", "NUMBER:"
_KEPT = 4096
_REPEATS = {"?": "?", "*": "{0,12}"}
_DENIALS = ("WITHOUT", "NOT", "CANNOT", "WONT")
_RAREST = 3


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


class PatternSet(Generic[Label]):
    """Many patterns at once: only those whose rarest elements all occur in a text are tried on it.

    Which patterns a character may serve is one large number, a bit for each pattern in each of `_RAREST` columns.
    """

    def __init__(self, lexicon: Lexicon, patterns: Iterable[tuple[Label, str]]) -> None:
        self._lexicon = lexicon
        self._patterns: list[_Pattern[Label]] = []
        # Different replies often have the same codes: every bare score does.
        self.search = lru_cache(maxsize=_KEPT)(self._search)
        breaks = lexicon.chars(*_BREAKS)
        self._denials = frozenset(lexicon.chars(*_DENIALS))
        self._fixed = {
            "_": f"[^{breaks}]{{0,4}}",
            "__": f"[^{breaks}]{{0,6}}",
            "~": f"[{lexicon.chars('FILLER')}]{{0,5}}",
            ">": f"(?=[{breaks}]|$)",
            "^": "^",
            "$": "$",
        }
        needed = [self._needed(label, one, pattern) for label, pattern in patterns for one in _orders(pattern)]
        self._size = len(needed)
        self._free, self._serves = self._columns(needed)
        self._served, self._all = frozenset(self._serves), (1 << self._size) - 1

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
        return sorted(choices, key=len)[:_RAREST]

    def _columns(self, needed: list[list[str]]) -> tuple[int, dict[str, int]]:
        """The bits of the columns that need nothing, and the bits that each character sets."""
        free, places = 0, dict[str, list[int]]()
        for i, choices in enumerate(needed):
            for column in range(_RAREST):
                place = column * self._size + i
                if column >= len(choices):
                    free |= 1 << place
                else:
                    for char in choices[column]:
                        places.setdefault(char, []).append(place)
        return free, {char: _bits(where) for char, where in places.items()}

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

    def _search(self, codes: str) -> tuple[Match[Label], ...]:
        """Every place where a pattern is found, in no particular order."""
        found: list[Match[Label]] = []
        for pattern in self._candidates(codes):
            if pattern.expression is None:
                pattern.expression = re.compile("".join([self._expression(element) for element in pattern.elements]))
            for m in pattern.expression.finditer(codes):
                number = m.start(1) if m.re.groups else -1
                denies = pattern.denies and not self._denials.isdisjoint(m.group())
                found.append(Match(pattern.label, m.start(), m.end(), number, denies))
        return tuple(found)

    def rarest(self) -> frozenset[str]:
        """The characters of which a text must have one, for any pattern to be found in it."""
        column = self._all
        return frozenset([char for char, bits in self._serves.items() if bits & column])

    def _candidates(self, codes: str) -> list[_Pattern[Label]]:
        bits, size, serves = self._free, self._size, self._serves
        for char in self._served.intersection(codes):
            bits |= serves[char]
        tried = bits & (bits >> size) & (bits >> 2 * size) & self._all
        found = []
        while tried:
            highest = tried.bit_length() - 1
            tried ^= 1 << highest
            found.append(self._patterns[highest])
        return found


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
