"""Finds the danger words of a reply, leaving out what is denied, long past or only feared."""

from collections.abc import Sequence
from dataclasses import dataclass

from recovery_api.domain.reply_lexicon import Words
from recovery_api.domain.reply_mentions import MentionReader
from recovery_api.domain.reply_others import OthersReader
from recovery_api.domain.reply_patterns import Match, PatternIndex, PatternSet, named_patterns
from recovery_api.domain.reply_scopes import SCOPES, TURNED, ScopeReader
from recovery_api.domain.reply_sightings import EXCUSED, Danger, Sighting, danger_patterns
from recovery_api.domain.reply_vocabulary import Packs

_REACH, _NEAR = 8, 3


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
        self._no = frozenset(lexicon.chars("WITHOUT"))
        self._not = frozenset(lexicon.chars("NOT")) - frozenset(lexicon.chars("REFUSES"))
        self._refusing = self._no | self._not
        self._denying = frozenset(lexicon.chars("WITHOUT", "NOT", "CANNOT"))
        self._either, self._subject = frozenset(lexicon.chars("ANY_OF")), frozenset(lexicon.chars("SUBJECT"))
        self._light = frozenset(lexicon.chars("LIGHT", "WITHOUT", "NOT", "ANY_OF"))
        self._listing = self._light | frozenset(lexicon.chars("COMMA"))
        self._stops = frozenset(lexicon.chars("FULL_STOP", "TURN"))
        self._parts = frozenset(lexicon.chars("LIMB", "CHEST", "ORGAN", "BACK", "CALF", "PAIN"))
        self._states, self._body = frozenset(lexicon.chars("STATE")), frozenset(lexicon.chars("LIMB", "SKIN", "CHEST"))

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
        found = self._dangers.search(codes, possible)
        seen = {(id(m.label), m.start, m.end, m.denies): m.label for m in found if isinstance(m.label, Danger)}
        sightings = [Sighting(label, start, end, denies) for (_, start, end, denies), label in seen.items()]
        sightings += self._mentions.unexplained(codes, sightings, possible)
        denied = any(m.label == "denials" for m in found)
        settled = frozenset([i for i, code in enumerate(codes) if code == EXCUSED]) if codes != text else _NOWHERE
        if not sightings:
            return Dangers(denied=denied, settled=settled) if denied or settled else _NOTHING
        scopes = [m for m in found if m.label != "denials" and not isinstance(m.label, Danger)]
        sightings.sort(key=lambda s: (s.start, -s.end))
        own = self._others.without_theirs(codes, sightings, possible)
        return self._judged(codes, own, scopes, denied=denied, settled=settled, doubted=len(own) < len(sightings))

    def _judged(
        self,
        codes: str,
        sightings: list[Sighting],
        scopes: Sequence[Match[Danger | str]],
        *,
        denied: bool,
        settled: frozenset[int],
        doubted: bool,
    ) -> Dangers:
        """The sightings that are neither denied nor over nor only feared."""
        if all(scope.label != TURNED for scope in scopes):
            for i, sighting in enumerate(sightings):
                sighting.denier = self._denier(codes, sightings, i)
        refuted = [s for s in sightings if s.denier is not None]
        present = self._scopes.outside(codes, sightings, scopes) if scopes else sightings
        doubted = doubted or len(present) < len(sightings) or any(s.ended for s in refuted)
        if not refuted:
            return Dangers(tuple(present), denied, doubted=doubted, settled=settled)
        denied = denied or any(s.denier is not None and s.danger.symptom for s in present)
        cleared = frozenset([k for s in refuted for k in range(s.start, s.end)])
        return Dangers(tuple([s for s in present if s.denier is None]), denied, cleared, doubted, settled | cleared)

    def _without_harmless(self, codes: str, possible: int) -> str:
        for match in self._harmless.search(codes, possible):
            if match.label == "well" and self._denying.intersection(codes[max(match.start - _NEAR, 0) : match.start]):
                continue
            codes = codes[: match.start] + EXCUSED * (match.end - match.start) + codes[match.end :]
        return codes

    def _denier(self, codes: str, sightings: Sequence[Sighting], i: int) -> int | None:
        """The place of the word that denies a sighting, the sighting's own end where it is said to be over, or None."""
        this = sightings[i]
        if not this.denies:
            if not self._refusing.isdisjoint(codes[this.start : this.end]):
                return max([k for k in range(this.start, this.end) if codes[k] in self._refusing])
            before = self._denied_from_left(codes, this) if this.start else None
            if before is not None:
                return before
            if i and self._denied_in_list(codes, sightings, i):
                return this.start - 1
        if this.danger.symptom != "self_harm" and self._is_taken_back(codes, this):
            return this.start - 1
        if this.denies:
            return None
        before_it = [s for s in sightings[:i] if s.denier is not None]
        if this.danger.symptom == "new_pain" and any(this.start < s.end for s in before_it):
            return this.start - 1
        wider = [s.denier for s in before_it if s.denier is not None and s.end >= this.end]
        return next((place for place in wider if place < this.start), None)

    def _is_taken_back(self, codes: str, this: Sighting) -> bool:
        """Whether the words right behind a danger say that it is over, or deny it after all."""
        rest = codes[this.end : this.end + _REACH]
        if self._ends_it.isdisjoint(rest):
            return False
        said = {match.label for match in self._recovered.search(rest) if match.start == 0}
        this.ended = "recovered" in said and not this.danger.happened
        return this.ended or "denied_after" in said

    def _denied_from_left(self, codes: str, this: Sighting) -> int | None:
        if self._refusing.isdisjoint(codes[max(this.start - _REACH, 0) : this.start]):
            return None
        subject = self._is_clause(codes, this)
        for k in range(this.start - 1, max(this.start - 1 - _REACH, -1), -1):
            if codes[k] in self._parts and codes[k + 1] in self._either:
                continue
            if codes[k] in self._not:
                return k
            if codes[k] in self._no:
                return None if subject else k
            if codes[k] not in self._light:
                return None
            subject = subject or codes[k] in self._subject
        return None

    def _denied_in_list(self, codes: str, sightings: Sequence[Sighting], i: int) -> bool:
        """ "no fever, chills or redness": the denial of the first reaches the others, but never a whole new clause."""
        this = sightings[i]
        earlier = [s for s in sightings[:i] if s.end <= this.start and s.denier is not None and not s.denies]
        if not earlier or self._is_clause(codes, this):
            return False
        last = max(earlier, key=lambda s: s.end)
        gap = codes[last.end : this.start]
        if not self._listing.issuperset(gap) or self._subject.intersection(gap):
            return False
        if self._stops.intersection(codes[last.start : this.start]):
            return False
        if self._either.intersection(gap) or last.danger.symptom == this.danger.symptom:
            return True
        following = [s for s in sightings[i + 1 :] if s.start >= this.end]
        closing = codes[this.end : following[0].start] if following else ""
        return bool(self._either.intersection(closing)) and self._listing.issuperset(closing)

    def _is_clause(self, codes: str, sighting: Sighting) -> bool:
        """Whether a sighting is a statement of its own, such as "legs weak"."""
        first, last = codes[sighting.start], codes[sighting.end - 1]
        return sighting.end - sighting.start > 1 and first in self._body and last in self._states
