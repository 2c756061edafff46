"""Tells a score of the back from the score of another place: "back 4 leg 8"."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from recovery_api.domain.reply_dangers import Dangers
from recovery_api.domain.reply_lexicon import Lexicon, Words
from recovery_api.domain.reply_numbers import Candidate

_Part = tuple[int, bool]


class PlaceReader:
    """Puts each score to the part of the body that was named beside it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._back = frozenset(lexicon.chars("BACK"))
        self._elsewhere = frozenset(lexicon.chars("OTHER_PLACE", "LEG"))
        self._commas, self._pain = frozenset(lexicon.chars("COMMA")), frozenset(lexicon.chars("PAIN_WORD"))
        self._subject = frozenset(lexicon.chars("SUBJECT"))
        self._well = frozenset(lexicon.chars("FINE"))
        self._linking = frozenset(lexicon.chars("FILLER", "PAIN_WORD"))

    def of_the_back(self, words: Words, left: list[Candidate], dangers: Dangers) -> list[Candidate]:
        """The scores without those of other places; where there is no other, they are kept but no longer safe."""
        parts = self._parts(words, dangers)
        if not left or all(is_back for _, is_back in parts):
            return left
        if len(left) == 1:
            return [replace(c, qualifier="elsewhere", safe=False) if self._tied(words, c, parts) else c for c in left]
        part_first = parts[0][0] < left[0].start
        back = [c for c in left if _belongs_to_back(c, parts, part_first=part_first)]
        return back or [replace(c, qualifier="elsewhere", safe=False) for c in left]

    def _parts(self, words: Words, dangers: Dangers) -> list[_Part]:
        """The parts named, without those that a danger was reported of ("numb feet 4" is a 4)."""
        if self._elsewhere.isdisjoint(words.codes):
            return []
        reported = {
            place
            for sighting in dangers.found
            if sighting.danger.symptom != "new_pain"
            for place in range(sighting.start, sighting.end)
        }
        reported |= dangers.cleared
        return [
            (i, code in self._back)
            for i, code in enumerate(words.codes)
            if i not in reported and (code in self._back or code in self._elsewhere)
        ]

    def _tied(self, words: Words, candidate: Candidate, parts: Sequence[_Part]) -> bool:
        """Whether the last part before the only score is elsewhere and leads straight to it ("hip is 6")."""
        before = [part for part in parts if part[0] < candidate.start]
        if not before or before[-1][1]:
            return False
        between = words.codes[before[-1][0] + 1 : candidate.start]
        if any(a in self._commas and b in self._subject for a, b in pairwise(between)):
            return False
        if self._commas.intersection(between[:-1]) and between[-1] in self._pain:
            return False
        return self._linking.issuperset(between) and self._well.isdisjoint(between)


def _belongs_to_back(candidate: Candidate, parts: Sequence[_Part], *, part_first: bool) -> bool:
    if part_first:
        return [is_back for place, is_back in parts if place < candidate.start][-1:] != [False]
    return [is_back for place, is_back in parts if place >= candidate.end][:1] != [False]
