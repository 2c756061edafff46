"""Finds a word of the body that stands in a sentence which says nothing harmless about it."""

from collections.abc import Sequence

from recovery_api.domain.reply_patterns import Match, PatternIndex, PatternSet
from recovery_api.domain.reply_sightings import EXCUSED, Danger, Sighting, danger_patterns
from recovery_api.domain.reply_vocabulary import Packs


class MentionReader:
    """Words of the body, such as "my legs", that count as a danger unless something in their sentence explains them.

    What explains them is named by the pack: the words of the kind's `unless`.
    """

    def __init__(self, index: PatternIndex, packs: Packs) -> None:
        lexicon, kinds = index.lexicon, danger_patterns(packs, "unexplained")
        self._mentions = PatternSet(index, kinds)
        self._explains = {d.unless: frozenset(lexicon.chars(d.unless)) | {EXCUSED} for d, _ in kinds}
        self._full_stops = frozenset(lexicon.chars("FULL_STOP"))
        self._pauses = frozenset(lexicon.chars("FULL_STOP", "TURN", "COMMA"))

    def unexplained(self, codes: str, others: Sequence[Sighting], possible: int) -> list[Sighting]:
        """Mentions in a part that says nothing harmless, in a sentence in which no other danger was seen."""
        found = []
        for mention in self._mentions.search(codes, possible):
            start, end = _around(codes, mention, self._pauses)
            if not self._explains[mention.label.unless].isdisjoint(codes[start:end]):
                continue
            first, last = _around(codes, mention, self._full_stops) if others else (start, end)
            if not any(first <= s.start < last for s in others):
                found.append(Sighting(mention.label, mention.start, mention.end, denies=True))
        return found


def _around(codes: str, mention: Match[Danger], ends: frozenset[str]) -> tuple[int, int]:
    """The first and the last place of the part that a mention stands in."""
    start, end = mention.start, mention.end
    while start > 0 and codes[start - 1] not in ends:
        start -= 1
    while end < len(codes) and codes[end] not in ends:
        end += 1
    return start, end
