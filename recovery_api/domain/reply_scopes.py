"""Tells the dangers of now from those that a reply only supposes, fears, asks about or tells of the past."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from recovery_api.domain.reply_lexicon import Lexicon
from recovery_api.domain.reply_patterns import Match
from recovery_api.domain.reply_sightings import Danger, Sighting

_SUPPOSED_WITHIN = {"hypothetical": 4, "hypothetical_next": 0, "relieved": 2, "another": 4}
_PAST, _AGAIN, _ANOTHER, _TOO, TURNED = "past", "again", "another", "me_too", "turned"
_BROUGHT_BACK = {_AGAIN: _PAST, _TOO: _ANOTHER, TURNED: _PAST}
SCOPES = (*_SUPPOSED_WITHIN, _PAST, *_BROUGHT_BACK)


class ScopeReader:
    """Leaves out the dangers that stand behind "what if" or beside "years ago", unless words say that they are back."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._own = frozenset(lexicon.chars("OWN"))
        self._pauses = frozenset(lexicon.chars("FULL_STOP", "TURN", "COMMA"))
        self._clause_ends = self._pauses | frozenset(lexicon.chars("NOW", "LINKS"))
        self._also = frozenset(lexicon.chars("ALSO"))
        self._next_clause = self._also | frozenset(lexicon.chars("LINKS"))
        self._new_subject = frozenset(lexicon.chars("SUBJECT", "OTHERS", "RELATIONS", "KIN", "OWN"))
        self._was = frozenset(lexicon.chars("WAS"))

    def outside(
        self, codes: str, sightings: Sequence[Sighting], scopes: Sequence[Match[Danger | str]]
    ) -> Sequence[Sighting]:
        """The sightings that no scope takes back; `scopes` are matches of the patterns named in SCOPES."""
        void = {_BROUGHT_BACK.get(str(scope.label)) for scope in scopes}
        left = [scope for scope in scopes if scope.label not in void and scope.label not in _BROUGHT_BACK]
        times = sorted([scope for scope in left if scope.label == _PAST], key=lambda scope: scope.start)
        supposed = [scope for scope in left if scope.label != _PAST]
        return [
            s
            for s in sightings
            if not any(self._supposes(codes, s, scope) for scope in supposed) and not self._is_past(codes, s, times)
        ]

    def _is_past(self, codes: str, this: Sighting, times: Sequence[Match[Danger | str]]) -> bool:
        """Whether the nearest time before or behind a danger, of `times` in order, stands in its clause."""
        behind = bisect_left(times, this.end, key=lambda scope: scope.start)
        near = [max(times[:behind], key=lambda scope: scope.end)] if behind else []
        return any(self._same_clause(codes, this, scope) for scope in [*near, *times[behind : behind + 1]])

    def _supposes(self, codes: str, this: Sighting, scope: Match[Danger | str]) -> bool:
        """Whether a danger follows closely on "what if", "afraid of" and the like; never so for words of self-harm."""
        if this.danger.symptom == "self_harm" or scope.start >= this.start:
            return False
        if this.start - scope.end > _SUPPOSED_WITHIN[str(scope.label)]:
            return False
        if scope.label == _ANOTHER and not (self._own | self._next_clause).isdisjoint(codes[scope.start : this.end]):
            return False
        return self._pauses.isdisjoint(codes[scope.end : this.start])

    def _same_clause(self, codes: str, this: Sighting, scope: Match[Danger | str]) -> bool:
        """Whether a time stands in the clause of a danger; "and" goes on with it where a verb of then follows."""
        if scope.start >= this.end:
            between, following = codes[this.end : scope.start], codes[this.end : scope.start + 1]
            apart = bool(self._also.intersection(between[-1:])) or any(
                a in self._also and b in self._new_subject for a, b in pairwise(following)
            )
        else:
            between, following = codes[scope.end : this.start], codes[scope.end : this.start + 1]
            apart = any(a in self._also and b not in self._was for a, b in pairwise(following))
        return not apart and not self._clause_ends.intersection(between)
