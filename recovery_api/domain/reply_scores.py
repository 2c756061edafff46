"""Decides which number of a reply, if any, is today's back pain, and whether it is safe to save without asking."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recovery_api.domain.reply_lexicon import Lexicon, Words
from recovery_api.domain.reply_numbers import Candidate, NumberFinder
from recovery_api.domain.reply_patterns import PatternSet
from recovery_api.domain.reply_vocabulary import Packs

_OPEN_TO_A_BARE_NUMBER = frozenset({"pain", "symptoms"})
_PART_REACH = 3


@dataclass(frozen=True, slots=True)
class Score:
    """What the numbers of a reply say: `pain` to save, or `suggest` to offer when asking back."""

    pain: int | None = None
    suggest: int | None = None
    qualifier: str = "none"
    correction: bool = False


NO_SCORE = Score()
Roles = dict[str, set[int]]


class ScoreReader:
    """Tells a pain score from times, doses, dates, ages, vertebrae, temperatures and pains of another day or place."""

    def __init__(self, lexicon: Lexicon, packs: Packs) -> None:
        self._finder = NumberFinder(lexicon)
        self._roles = PatternSet(
            lexicon,
            [
                (role, pattern)
                for pack in packs.values()
                for role, patterns in pack["patterns"]["numbers"].items()
                for pattern in patterns
            ],
        )
        self._measured = frozenset(lexicon.chars("HOT", "COOL")) & frozenset(lexicon.chars("DECIMAL"))
        self._dress = re.compile(f"[{lexicon.chars('DRESS', 'COMMA', 'FULL_STOP')}]*")
        self._ends = frozenset(lexicon.chars("COMMA", "FULL_STOP", "TURN"))
        self._back, self._elsewhere = lexicon.chars("BACK"), lexicon.chars("OTHER_PLACE", "LEG")
        self._postures = frozenset(lexicon.chars("REST", "MOVING"))
        self._person = frozenset(lexicon.chars("PERSON"))

    def read(self, words: Words, question: str, *, reports: bool) -> Score:
        """The score of a reply to `question`; `reports` says that it names a danger, present or denied."""
        if not words.values:
            return NO_SCORE
        found = self._finder.find(words)
        roles = self._roles_of(words)
        left = [c for c in found if not self._measures_something_else(words, roles, c)]
        left, corrected = _latest(left, roles)
        left = _likely(left, roles)
        left = self._of_the_back(words, left)
        if not left:
            return NO_SCORE
        chosen = self._single_one(words, left, roles)
        if chosen is None:
            return Score(suggest=_highest(left), qualifier="several")
        return self._judged(words, chosen, roles, question, corrected=corrected, reports=reports)

    def _roles_of(self, words: Words) -> Roles:
        roles: Roles = {}
        for match in self._roles.search(words.codes):
            roles.setdefault(match.label, set()).add(match.number)
        return roles

    def _measures_something_else(self, words: Words, roles: Roles, candidate: Candidate) -> bool:
        if candidate.scaled and candidate.end - candidate.start > 1:
            return False
        return _has(roles, "never", candidate) or words.codes[candidate.start] in self._measured

    def _of_the_back(self, words: Words, left: list[Candidate]) -> list[Candidate]:
        """Without the scores of other places ("back 4 leg 8"), unless they are all there is."""
        parts = [(i, c in self._back) for i, c in enumerate(words.codes) if c in self._back or c in self._elsewhere]
        if not left or all(is_back for _, is_back in parts):
            return left
        part_first = parts[0][0] < left[0].start
        placed = [(c, _part_of(c, parts, part_first=part_first, only=len(left) == 1)) for c in left]
        of_back = [c for c, is_back in placed if is_back]
        return of_back or [Candidate(c.start, c.end, c.value, "elsewhere", safe=False) for c in left]

    def _single_one(self, words: Words, left: Sequence[Candidate], roles: Roles) -> Candidate | None:
        if len({c.value for c in left}) == 1:
            return left[-1]
        if all(c.safe for c in left) and self._postures.intersection(words.codes):
            return max(left, key=lambda c: c.value or 0)
        led = [c for c in left if c.scaled or _has(roles, "score", c)]
        if len({c.value for c in led}) == 1 and not any(c.safe for c in left if c not in led):
            return led[0]
        return None

    def _judged(
        self, words: Words, chosen: Candidate, roles: Roles, question: str, *, corrected: bool, reports: bool
    ) -> Score:
        qualifier = "correction" if corrected else chosen.qualifier
        if qualifier == "exact" and self._person.intersection(words.codes):
            qualifier = "proxy"
        believed = self._believed(words, chosen, roles, question, reports=reports)
        if chosen.safe and believed:
            return Score(pain=chosen.value, qualifier=qualifier, correction=corrected)
        doubted = _has(roles, "unlikely", chosen) or (question not in _OPEN_TO_A_BARE_NUMBER and not believed)
        return Score(suggest=None if doubted else chosen.value, qualifier=chosen.qualifier if not chosen.safe else "unclear")

    def _believed(self, words: Words, chosen: Candidate, roles: Roles, question: str, *, reports: bool) -> bool:
        """Whether the words around a number say that it is a pain score."""
        if _has(roles, "pain", chosen) or _has(roles, "fixed", chosen):
            return True
        if question in ("activity", "medication", "appointment"):
            return False
        rest = words.codes[: chosen.start] + words.codes[chosen.end :]
        if self._dress.fullmatch(rest):
            return not (_has(roles, "unlikely", chosen) and not _has(roles, "score", chosen))
        if question not in _OPEN_TO_A_BARE_NUMBER:
            return reports and self._stands_apart(words, chosen) and not _has(roles, "unlikely", chosen)
        if _has(roles, "score", chosen) or chosen.scaled:
            return True
        return self._stands_apart(words, chosen) and not _has(roles, "unlikely", chosen)

    def _stands_apart(self, words: Words, chosen: Candidate) -> bool:
        """Whether the number opens or closes the message or one of its clauses."""
        codes = words.codes
        opens = chosen.start == 0 or codes[chosen.start - 1] in self._ends
        return opens or chosen.end == len(codes) or codes[chosen.end] in self._ends


def _has(roles: Roles, role: str, candidate: Candidate) -> bool:
    places = roles.get(role)
    return places is not None and any(candidate.start <= place < candidate.end for place in places)


def _latest(left: list[Candidate], roles: Roles) -> tuple[list[Candidate], bool]:
    """The scores that count now, and whether they correct an earlier one."""
    corrected = [c for c in left if _has(roles, "corrected", c)]
    if corrected:
        return corrected[-1:], True
    kept = [c for c in left if not _has(roles, "rejected", c)] or left
    present = [c for c in kept if not _has(roles, "past", c)]
    named = [c for c in present if _has(roles, "kept", c) or _has(roles, "now", c)]
    if named:
        return named, False
    if present or not kept:
        return present, False
    return [Candidate(c.start, c.end, c.value, "past", safe=False) for c in kept], False


def _likely(left: list[Candidate], roles: Roles) -> list[Candidate]:
    """Without numbers that are more likely a time or a dose, unless they are all there is."""
    likely = [c for c in left if _has(roles, "score", c) or not _has(roles, "unlikely", c)]
    return likely or left


def _part_of(candidate: Candidate, parts: list[tuple[int, bool]], *, part_first: bool, only: bool) -> bool:
    """Whether the place that a score belongs to is the back, or no place at all."""
    if part_first:
        before = [(i, back) for i, back in parts if i < candidate.start]
        near = not only or candidate.start - before[-1][0] <= _PART_REACH
        return before[-1][1] or not near
    after = [back for i, back in parts if i >= candidate.end]
    return only or not after or after[0]


def _highest(left: Sequence[Candidate]) -> int | None:
    values = {c.value for c in left if c.value is not None}
    return max(values) if len(values) == 2 else None
