"""Finds the danger words of a reply, leaving out what is denied, long past or only feared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from recovery_api.domain.reply_denials import DenialReader, Said
from recovery_api.domain.reply_lexicon import Words
from recovery_api.domain.reply_mentions import MentionReader
from recovery_api.domain.reply_others import OthersReader
from recovery_api.domain.reply_patterns import Match, PatternIndex, PatternSet, named_patterns
from recovery_api.domain.reply_reach import ReachReader
from recovery_api.domain.reply_scopes import SCOPES, TURNED, ScopeReader
from recovery_api.domain.reply_sightings import EXCUSED, Danger, Sighting, danger_patterns
from recovery_api.domain.reply_vocabulary import Packs
from recovery_api.domain.tiers import Tier

_REACH, _NEAR = 8, 3
_A_FALL = Danger("new_pain", Tier.URGENT, "a fall")


@dataclass(frozen=True, slots=True)
class Dangers:
    """The dangers that a reply reports, whether it denies some symptom, and the places of the words it denies.

    `doubted` where a danger was left out because it seems over, long past, feared or asked about; `settled` are the
    places of all words that were denied or only sound like a danger.
    """

    found: tuple[Sighting, ...] = ()
    denied: bool = False
    cleared: frozenset[int] = frozenset()
    doubted: bool = False
    settled: frozenset[int] = frozenset()


_Found = Match[Danger | str]
_NOTHING = Dangers()
_NOWHERE = frozenset[int]()


class DangerReader:
    """The red flags of all language packs, tried on every reply whatever question is open."""

    def __init__(self, index: PatternIndex, packs: Packs) -> None:
        lexicon = index.lexicon
        self._possible = index.possible
        self._harmless = PatternSet(index, named_patterns(packs, "harmless", "well"))
        self._recovered = PatternSet(PatternIndex(lexicon), named_patterns(packs, "recovered", "denied_after"))
        self._ends_it = self._recovered.rarest()
        around = named_patterns(packs, *SCOPES, "denials")
        self._dangers = PatternSet[Danger | str](index, [*danger_patterns(packs, "dangers"), *around])
        self._mentions = MentionReader(index, packs)
        self._scopes, self._others = ScopeReader(lexicon), OthersReader(index, packs)
        self._denials, self._reach = DenialReader(lexicon), ReachReader(lexicon)
        self._denying = frozenset(lexicon.chars("WITHOUT", "NOT", "CANNOT"))

    def read(self, words: Words, possible: int | None = None) -> Dangers:
        """The dangers that the words report, as they are written and as a dictation machine may have misheard them.

        `possible` is what the pattern index says of the words, where that is known already.
        """
        written = self._read(words.codes, self._possible(words.codes) if possible is None else possible)
        if not words.misheard:
            return written
        heard = self._read(words.misheard, self._possible(words.misheard))
        denied, doubted = written.denied or heard.denied, written.doubted or heard.doubted
        return Dangers(written.found + heard.found, denied, written.cleared, doubted, written.settled)

    def _read(self, text: str, possible: int) -> Dangers:
        codes = self._without_harmless(text, possible)
        ends = self._reach.ends(text)
        found = self._found(codes, possible, ends)
        seen = {(id(m.label), m.start, m.end, m.denies): m.label for m in found if isinstance(m.label, Danger)}
        sightings = [Sighting(label, start, end, denies) for (_, start, end, denies), label in seen.items()]
        sightings += self._mentions.unexplained(codes, sightings, possible)
        falls = [Sighting(_A_FALL, m.start, m.end, denies=False, denier=m.start) for m in found if m.label == "denials"]
        settled = frozenset([i for i, code in enumerate(codes) if code == EXCUSED]) if codes != text else _NOWHERE
        if falls:
            settled |= _places(falls)
        if not sightings:
            return Dangers(denied=bool(falls), settled=settled) if settled else _NOTHING
        scopes = [m for m in found if m.label != "denials" and not isinstance(m.label, Danger)]
        sightings.sort(key=lambda s: (s.start, -s.end))
        own = self._others.without_theirs(codes, sightings, possible)
        said = Said(text, codes, own, falls, ends)
        dangers = self._judged(said, scopes, settled=settled, doubted=len(own) < len(sightings))
        return self._apart(said, dangers, scopes, possible) if dangers.cleared else dangers

    def _apart(self, said: Said, dangers: Dangers, scopes: Sequence[_Found], possible: int) -> Dangers:
        """A word of the body too in a part beside what is denied, such as "no fever, my foot is odd"."""
        mentions = self._mentions.apart(said.codes, said.sightings, possible, dangers.found, said.ends)
        own = self._others.without_theirs(said.codes, mentions, possible)
        return replace(dangers, found=(*dangers.found, *self._scopes.outside(said.codes, own, scopes)))

    def _found(self, codes: str, possible: int, ends: Mapping[int, int]) -> list[_Found]:
        """The patterns found: none that a denial opens and that goes on beyond its end, but all that begin there."""
        found = self._dangers.search(codes, possible)
        if not any(m.start < end < m.end for m in found for end in ends):
            return found
        found = [m for m in found if not any(self._is_beyond(codes, m, end, d) for end, d in ends.items())]
        for start, end in pairwise((0, *sorted(ends), len(codes))):
            found += self._dangers.search(codes, possible, start, end)
        return found

    def _is_beyond(self, codes: str, match: _Found, end: int, denial: int) -> bool:
        """Whether a match begins within the reach of a denial and goes on beyond, without a denial of its own there."""
        if not match.start < end < match.end or denial > match.start or (denial == match.start and match.denies):
            return False
        return not match.denies or codes[end] in self._denying or self._denying.isdisjoint(codes[end : match.end])

    def _judged(self, said: Said, scopes: Sequence[_Found], *, settled: frozenset[int], doubted: bool) -> Dangers:
        """The sightings that are neither denied nor over nor only feared."""
        if all(scope.label != TURNED for scope in scopes):
            for i, sighting in enumerate(said.sightings):
                sighting.denier = self._denier(said, i)
        refuted = [s for s in said.sightings if s.denier is not None]
        present = self._scopes.outside(said.codes, said.sightings, scopes) if scopes else said.sightings
        doubted = doubted or len(present) < len(said.sightings) or any(s.ended or s.in_doubt for s in refuted)
        if not refuted:
            return Dangers(tuple(present), bool(said.falls), doubted=doubted, settled=settled)
        denied = bool(said.falls) or any(s.denier is not None and s.danger.symptom for s in present)
        cleared = _places(refuted)
        settled |= cleared | self._denials.beside(said.text, refuted)
        return Dangers(tuple([s for s in present if s.denier is None]), denied, cleared, doubted, settled)

    def _without_harmless(self, codes: str, possible: int) -> str:
        for match in self._harmless.search(codes, possible):
            if match.label == "well" and self._denying.intersection(codes[max(match.start - _NEAR, 0) : match.start]):
                continue
            codes = codes[: match.start] + EXCUSED * (match.end - match.start) + codes[match.end :]
        return codes

    def _denier(self, said: Said, i: int) -> int | None:
        """The place of the word that denies a sighting, the sighting's own end where it is said to be over, or None."""
        this = said.sightings[i]
        place = None if this.denies else self._denials.denier(said, i)
        if place is not None:
            return place
        if this.danger.symptom != "self_harm" and self._is_taken_back(said.codes, this):
            return this.start - 1
        return None if this.denies else self._denials.around(said, i)

    def _is_taken_back(self, codes: str, this: Sighting) -> bool:
        """Whether the words right behind a danger say that it is over, or deny it after all."""
        rest = codes[this.end : this.end + _REACH]
        if self._ends_it.isdisjoint(rest):
            return False
        said = {match.label for match in self._recovered.search(rest) if match.start == 0}
        this.ended = "recovered" in said and not this.danger.happened
        return this.ended or "denied_after" in said


def _places(sightings: Sequence[Sighting]) -> frozenset[int]:
    return frozenset([place for s in sightings for place in range(s.start, s.end)])
