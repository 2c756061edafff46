"""Patterns over what words mean, such as "CANNOT _ FEEL _ LEG", matched on the one-character codes of a reply.

Elements are separated by spaces. `my` is that word or mark, `LEG` any word of that concept, `LEG|arm` either, `LEG?` may
be absent, `LEG*` may be repeated or absent, `!far` not followed by, `NUMBER` any number (its place is remembered),
`NUMBER:TEN` a number of that concept, `_` up to three words between, `__` up to six, `~` up to five words that carry no weight ("is
about a"), `A & B` both near each other in either order, `>` the end of a clause
(also as the last alternative, `on|>`), `^` and `$` the ends of the message.
No gap reaches over a full stop or a turn such as "but".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from recovery_api.domain.reply_lexicon import Lexicon

Label = TypeVar("Label")

_BREAKS = ("FULL_STOP", "TURN")
_NUMBER, _NUMBER_OF = "NUMBER", "NUMBER:"
_REPEATS = {"?": "?", "*": "{0,12}"}
_DENIALS = frozenset({"WITHOUT", "NOT", "CANNOT", "WONT", "no", "not", "dont", "never", "nothing"})


@dataclass(frozen=True, slots=True)
class Match(Generic[Label]):
    """Where a pattern was found; `number` is the place of its remembered number, -1 where it has none."""

    label: Label
    start: int
    end: int
    number: int
    denies: bool


@dataclass(frozen=True, slots=True)
class _Compiled(Generic[Label]):
    label: Label
    expression: re.Pattern[str]
    denies: bool


class PatternSet(Generic[Label]):
    """Many patterns at once: only those whose rarest element occurs in a text are tried on it."""

    def __init__(self, lexicon: Lexicon, patterns: Iterable[tuple[Label, str]]) -> None:
        self._lexicon = lexicon
        self._triggers: dict[str, list[int]] = {}
        self._compiled: list[_Compiled[Label]] = []
        breaks = lexicon.chars(*_BREAKS)
        self._fixed = {
            "_": f"[^{breaks}]{{0,3}}",
            "__": f"[^{breaks}]{{0,6}}",
            "~": f"[{lexicon.chars('FILLER')}]{{0,5}}",
            ">": f"(?=[{breaks}{lexicon.chars('COMMA')}]|$)",
            "^": "^",
            "$": "$",
        }
        for label, pattern in patterns:
            for ordered in _orders(pattern):
                self._add(label, ordered.split())

    def _add(self, label: Label, elements: list[str]) -> None:
        expression = "".join([self._expression(element) for element in elements])
        denies = any(set(element.split("|")) & _DENIALS for element in elements)
        self._compiled.append(_Compiled(label, re.compile(expression), denies))
        choices = [self._chars(e) for e in elements if e[0] not in "!_~^$" and e[-1] not in "?*>"]
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

    def search(self, codes: str) -> Iterator[Match[Label]]:
        """Every place where a pattern is found, in no particular order."""
        tried: set[int] = set()
        for char in set(codes):
            tried.update(self._triggers.get(char, ()))
        for i in tried:
            compiled = self._compiled[i]
            for found in compiled.expression.finditer(codes):
                place = found.start(1) if found.re.groups else -1
                yield Match(compiled.label, found.start(), found.end(), place, compiled.denies)

    def found(self, codes: str) -> bool:
        """Whether any pattern is found."""
        return next(self.search(codes), None) is not None


def _orders(pattern: str) -> list[str]:
    """A pattern with "&" as the patterns of its two orders."""
    left, near, right = pattern.partition(" & ")
    return [f"{left} _ {right}", f"{right} _ {left}"] if near else [pattern]
