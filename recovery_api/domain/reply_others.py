"""Tells what a reply says of somebody else, such as a neighbor or the dog, from what it says of the patient."""

from collections.abc import Sequence

from recovery_api.domain.reply_patterns import Match, PatternIndex, PatternSet, named_patterns
from recovery_api.domain.reply_sightings import Sighting
from recovery_api.domain.reply_vocabulary import Packs
from recovery_api.domain.tiers import Tier

_TOO, _NOT_ME = "me_too", "not_me"
_BEHIND = 3  # "se cayo ayer mi vecina": so many words at most stand before whom it is about


class OthersReader:
    """Somebody else is a neighbor, a grandchild or an animal; a son or an aunt in what is no emergency; one who may be
    the patient only where the reply says "but not I".

    Nothing is somebody else's where a word points to the patient beside it, or anywhere where one says "me too".
    """

    def __init__(self, index: PatternIndex, packs: Packs) -> None:
        lexicon = index.lexicon
        self._remarks = PatternSet(index, named_patterns(packs, _TOO, _NOT_ME))
        self._strangers = frozenset(lexicon.chars("OTHERS"))
        self._relations = self._strangers | frozenset(lexicon.chars("RELATIONS"))
        self._anyone = self._relations | frozenset(lexicon.chars("KIN"))
        self._leads = self._anyone | frozenset(lexicon.chars("LEADS"))
        self._own = frozenset(lexicon.chars("OWN", "OURS"))
        self._tells = frozenset(lexicon.chars("TELLS"))
        self._speaks = frozenset(lexicon.chars("SPEAKS_AS"))
        self._third, self._whose = frozenset(lexicon.chars("THIRD")), frozenset(lexicon.chars("WHOSE"))
        self._also, self._they = frozenset(lexicon.chars("ALSO")), frozenset(lexicon.chars("THEY"))
        self._pauses = frozenset(lexicon.chars("FULL_STOP", "TURN", "COMMA"))
        self._links, self._be = frozenset(lexicon.chars("LINKS")), frozenset(lexicon.chars("BE"))
        self._carries = frozenset(lexicon.chars("FILLER", "BE", "WAS", "LINKS"))
        self._things = frozenset(lexicon.chars("THINGS"))
        self._opens = self._pauses | frozenset(lexicon.chars("ALSO"))
        self._barred = self._own | frozenset(lexicon.chars("FULL_STOP"))
        self._touches, self._wound = frozenset(lexicon.chars("TOUCHES")), frozenset(lexicon.chars("WOUND"))
        self._theirs = (self._they | frozenset(lexicon.chars("SELF"))) - self._own
        self._for = frozenset(lexicon.chars("FOR"))
        self._rates = frozenset(lexicon.chars("RATES", "FILLER", "BE")) | lexicon.numeric
        self._rates -= self._own | self._pauses

    def without_theirs(self, codes: str, sightings: list[Sighting], possible: int) -> list[Sighting]:
        """The sightings that are not somebody else's; words of self-harm always count."""
        if self._anyone.isdisjoint(codes):
            return sightings
        remarks = self._remarks.search(codes, possible)
        if any(remark.label == _TOO for remark in remarks):
            return sightings
        return [s for s in sightings if s.danger.symptom == "self_harm" or not self._is_theirs(codes, s, remarks)]

    def scores_of_others(self, codes: str, places: Sequence[int], possible: int | None) -> frozenset[int]:
        """Those of the `places` of numbers that somebody else was given: "my roommate says 9"."""
        if self._anyone.isdisjoint(codes):
            return frozenset()
        remarks = [remark for remark in self._remarks.search(codes, possible) if remark.label == _NOT_ME]
        whom = self._anyone if remarks else self._strangers
        return frozenset([place for place in places if self._is_their_score(codes, place, whom)])

    def _is_their_score(self, codes: str, place: int, whom: frozenset[str]) -> bool:
        while place and codes[place - 1] not in whom and codes[place - 1] in self._rates:
            place -= 1
        return place > 0 and codes[place - 1] in whom and self._is_subject(codes, place - 1)

    def _is_theirs(self, codes: str, this: Sighting, remarks: Sequence[Match[str]]) -> bool:
        whom = self._strangers if this.danger.tier is Tier.EMERGENCY else self._relations
        whom = self._anyone if remarks else whom
        place = self._nearest_before(codes, this, self._pauses if remarks else self._opens)
        if place is not None and codes[place] in whom and self._is_subject(codes, place):
            if this.danger.tier is Tier.EMERGENCY and not remarks and not self._is_carried(codes, place, this):
                return False
            return self._own.isdisjoint(codes[this.end : self._clause_end(codes, this.end, remarks)])
        return self._is_followed_by_one(codes, this, whom)

    def _nearest_before(self, codes: str, this: Sighting, breaks: frozenset[str]) -> int | None:
        """The place of the last one named before a danger ends; None where something behind may be the patient's.

        A new clause is the patient's, unless it goes on with "she" or the like.
        """
        goes_on = crossed = False
        for_them = codes[this.end : this.end + 1] in self._for and codes[this.end + 1 : this.end + 2] in self._they
        for place in range(this.end - 1, -1, -1):
            code = codes[place]
            goes_on = goes_on or code in self._they
            if code in self._anyone:
                is_plain = self._own.isdisjoint(codes[this.start : max(place - 1, this.start)])
                return place if is_plain and not (crossed and code in self._things) else None
            if code in breaks or (code in self._links and codes[place - 1] not in self._be):  # not "is so weak"
                crossed = True
            told = code in self._tells and not (for_them and place >= this.start)  # "they called 911 for her"
            if told or self._touches_patient(codes, place, this) or code in self._barred or (crossed and not goes_on):
                return None
        return None

    def _touches_patient(self, codes: str, place: int, this: Sighting) -> bool:
        """Whether a verb before a danger was done to the patient: "dog scratched wound", but not "dog bit himself"."""
        if place >= this.start or codes[place] not in self._touches:
            return False
        return codes[place + 1] not in self._theirs or codes[place + 2 : place + 3] in self._wound

    def _is_subject(self, codes: str, place: int) -> bool:
        """Whether one is named at the start of a clause, and is not the one who writes: "this is the neighbor"."""
        start = place
        while start and codes[start - 1] in self._leads:
            start -= 1
        if start and codes[start - 1] not in self._opens:
            return False
        if start > 1 and codes[start - 2] in self._own:  # "me and my dog"
            return False
        return self._speaks.isdisjoint(codes[start:place])

    def _is_carried(self, codes: str, place: int, this: Sighting) -> bool:
        """Whether a danger hangs on the one named, or on "she" behind: "dog died chest hurts" may be two sentences."""
        between = codes[place + 1 : this.start]
        return self._carries.issuperset(between) or not self._they.isdisjoint(codes[place + 1 : this.end])

    def _clause_end(self, codes: str, start: int, remarks: Sequence[Match[str]]) -> int:
        end = start
        while end < len(codes) and codes[end] not in self._pauses:
            end += 1
        return min([end, *(remark.start for remark in remarks if remark.start >= start)])

    def _is_followed_by_one(self, codes: str, this: Sighting, whom: frozenset[str]) -> bool:
        """Whether a danger is told of somebody named right behind it ("se cayo ayer mi vecina")."""
        near = range(this.end + 1, min(this.end + _BEHIND, len(codes)))
        behind = [place for place in near if codes[place] in whom and codes[place - 1] in self._whose]
        if not behind:
            return False
        opening = this.start
        while opening and codes[opening - 1] not in self._pauses:
            opening -= 1
        said, end = codes[opening : behind[0] - 1], behind[0] + 1
        while end < len(codes) and codes[end] not in self._opens:
            end += 1
        if not self._own.isdisjoint(codes[behind[0] + 1 : end]):  # "se cayo mi perro encima de mi"
            return False
        return not self._third.isdisjoint(said) and (self._own | self._tells | self._pauses).isdisjoint(said)
