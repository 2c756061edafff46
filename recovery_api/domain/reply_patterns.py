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


@dataclass(frozen=True, slots=True)
class Match(Generic[Label]):
    """Where a pattern was found; `number` is the place of its remembered number, -1 where it has none."""

    label: Label
    start: int
    end: int
    number: int
    denies: bool


class PatternSet(Generic[Label]):
    """Many patterns at once: only those whose rarest element occurs in a text are tried on it."""

    def __init__(self, lexicon: Lexicon, patterns: Iterable[tuple[Label, str]]) -> None:
        self._lexicon = lexicon
        self._triggers: dict[str, list[int]] = {}
        self._compiled: list[tuple[Label, re.Pattern[str], bool]] = []
        # Different replies often have the same codes: every bare score does.
        self._remembered = lru_cache(maxsize=_KEPT)(self._search)
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
        for label, pattern in patterns:
            for ordered in _orders(pattern):
                try:
                    self._add(label, ordered.split())
                except PackError as error:
                    raise PackError("replies", pattern, f"{error.where}: {error.reason}") from None

    def _add(self, label: Label, elements: list[str]) -> None:
        expression = "".join([self._expression(element) for element in elements])
        denies = any(self._denials.intersection(self._chars(element)) for element in elements if _counts(element))
        self._compiled.append((label, re.compile(expression), denies))
        choices = [self._chars(element) for element in elements if _counts(element)]
        if not choices:
            raise PackError("replies", " ".join(elements), "has no word that must be there")
        for char in min(choices, key=len):
            self._triggers.setdefault(char, []).append(len(self._compiled) - 1)

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

    def search(self, codes: str) -> tuple[Match[Label], ...]:
        """Every place where a pattern is found, in no particular order."""
        return self._remembered(codes)

    def _search(self, codes: str) -> tuple[Match[Label], ...]:
        found: list[Match[Label]] = []
        tried = {i for char in self._triggers.keys() & set(codes) for i in self._triggers[char]}
        for i in tried:
            label, expression, denies = self._compiled[i]
            if expression.search(codes):
                found += [
                    Match(label, m.start(), m.end(), m.start(1) if m.re.groups else -1, denies)
                    for m in expression.finditer(codes)
                ]
        return tuple(found)


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
