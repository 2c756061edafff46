"""Finds a word of the body that stands in a sentence which says nothing harmless about it."""

from collections.abc import Collection, Sequence

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
        found = self._found(codes, possible, ())
        return [mention for mention, _ in found if not _holds(_around(codes, mention, self._full_stops), others)]

    def apart(
        self, codes: str, others: Sequence[Sighting], possible: int, found: Sequence[Sighting], ends: Collection[int]
    ) -> list[Sighting]:
        """Mentions where the other dangers of the sentence are all denied, in another part; parts end at `ends` too.

        `found` are those of the `others` that are not denied.
        """
        return [
            mention
            for mention, part in self._found(codes, possible, ends)
            if not _holds(part, others) and not _holds(_around(codes, mention, self._full_stops), found)
        ]

    def _found(self, codes: str, possible: int, ends: Collection[int]) -> list[tuple[Sighting, tuple[int, int]]]:
        """Every mention that nothing explains, with the part that it stands in."""
        found = []
        for match in self._mentions.search(codes, possible):
            start, end = _around(codes, match, self._pauses)
            start = max([start, *(place for place in ends if place <= match.start)])
            end = min([end, *(place for place in ends if place > match.start)])
            if self._explains[match.label.unless].isdisjoint(codes[start:end]):
                found.append((Sighting(match.label, match.start, match.end, denies=True), (start, end)))
        return found


def _holds(part: tuple[int, int], sightings: Sequence[Sighting]) -> bool:
    return any(part[0] <= s.start < part[1] for s in sightings)


def _around(codes: str, mention: Match[Danger] | Sighting, ends: frozenset[str]) -> tuple[int, int]:
    """The first and the last place of the part that a mention stands in."""
    start, end = mention.start, mention.end
    while start > 0 and codes[start - 1] not in ends:
        start -= 1
    while end < len(codes) and codes[end] not in ends:
        end += 1
    return start, end
