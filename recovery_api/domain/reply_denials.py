"""Tells the dangers that a reply denies from those that it reports: a denial ends where a new finding begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recovery_api.domain.reply_lexicon import Lexicon
from recovery_api.domain.reply_sightings import Sighting
from recovery_api.domain.tiers import Tier

_REACH = 8
_A_LIST = 3  # "no fever, chills, numbness" is a list without an "or"; "no fever, numbness" may be two findings


@dataclass(slots=True)
class Said:
    """What is known of a reply while its denials are judged.

    `codes` are those of `text` without what only sounds like a danger; `sightings` stand in the order of their places;
    `falls` are denials of falls; `ends` are the places that the denials before them do not reach.
    """

    text: str
    codes: str
    sightings: Sequence[Sighting]
    falls: Sequence[Sighting]
    ends: Mapping[int, int]

    def denied_before(self, i: int) -> Sighting | None:
        """The last finding that is denied and ends before sighting `i` begins."""
        start = self.sightings[i].start
        told = (*self.falls, *self.sightings[:i])
        earlier = [s for s in told if s.end <= start and s.denier is not None and not s.denies]
        return max(earlier, key=lambda s: s.end, default=None)


class DenialReader:
    """A denial reaches what follows it at once, and further findings only as items of one list.

    A list is closed by "or", or has three items at least, each of them the name of a finding and no more. Where two
    names of one kind stand side by side ("no pus, redness around it"), the second counts as denied, but in doubt.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        def of(*concepts: str) -> frozenset[str]:
            return frozenset(lexicon.chars(*concepts))

        self._no, self._not = of("WITHOUT"), of("NOT") - of("REFUSES")
        self._refusing, self._either, self._also = self._no | self._not, of("ANY_OF"), of("ALSO")
        self._subject, self._starts, self._commas = of("SUBJECT"), of("STARTS"), of("COMMA")
        self._light, self._stops = of("LIGHT", "WITHOUT", "NOT", "ANY_OF"), of("FULL_STOP", "TURN")
        self._refuses_or_stops = self._refusing | self._stops
        self._listing = self._light | self._commas
        self._run_ends = self._stops | self._commas | self._either | self._no | lexicon.numeric
        self._run_ends |= of("THANKS", "FINE", "ALSO", "CLOSES")
        self._item_ends = self._run_ends | of("PAIN_WORD")
        self._parts, self._body = of("LIMB", "CHEST", "ORGAN", "BACK", "CALF", "PAIN"), of("LIMB", "SKIN", "CHEST")
        self._states, self._asserts = of("STATE"), of("ASSERTS", "GIVING", "BUCKLE", "FAILING", "CANNOT")
        self._named, self._names, self._doing = of("NAMED"), of("NAMED", "NAMED_TOO"), of("DOING")
        self._since, self._closes = of("WHENEVER") & of("CLOSES"), of("CLOSES") - of("WHENEVER")
        self._newly, self._procedure = of("ASSERTS", "STARTS", "STATE", "ANEW"), of("PROCEDURE")
        self._clean = self._named | of("SO_FAR", "SO")
        self._bare = self._clean | self._parts | self._body
        self._nominal = self._bare | of("NAMED_TOO", "QUALIFIES", "WHERE", "DETERMINES", "ANY_OF")
        self._leads = self._light | self._body | of("QUALIFIES", "CALF", "ORGAN") - self._named
        self._names_too, self._goes_on = self._nominal | self._light, self._nominal | self._either | of("UPPER_LIMB")
        self._numeric, self._limits = lexicon.numeric, self._refusing | of("MORE_THAN")

    def denier(self, said: Said, i: int) -> int | None:
        """The place of the word that denies a sighting, None where nothing does; marks one that is denied in doubt.

        The sightings before it have been judged already.
        """
        if self._refusing.isdisjoint(said.text):
            return None
        this = said.sightings[i]
        inside = [k for k in range(this.start, this.end) if said.codes[k] in self._refusing]
        if inside and not any(inside[-1] < end < this.end for end in said.ends):
            return inside[-1]
        before = self._denied_from_left(said.text, this) if this.start else None
        return self._denied_in_list(said, i) if before is None else before

    def around(self, said: Said, i: int) -> int | None:
        """The place of the denial of a wider finding that holds this one, None where this one opens a new statement."""
        this, codes = said.sightings[i], said.text
        earlier = [s for s in said.sightings[:i] if s.denier is not None]
        if not earlier:
            return None
        before = codes[this.start - 1]
        beside = codes[this.start - 2] if before in self._also else before
        side_by_side = beside in self._names and codes[this.start] in self._names
        within = this.danger.symptom == "new_pain" and any(s.start < this.start < s.end for s in earlier)
        if within and not side_by_side:
            return this.start - 1
        if this.opens or (codes[this.start] in self._numeric and before not in self._limits):
            return None
        if side_by_side and not self._nominal.issuperset(codes[this.start : this.end]):
            return None
        this.in_doubt = side_by_side
        wider = [s.denier for s in earlier if s.denier is not None and s.end >= this.end]
        return next((place for place in wider if place < this.start), this.start - 1 if within else None)

    def beside(self, codes: str, refuted: Sequence[Sighting]) -> frozenset[int]:
        """The places of the words that deny, and of names behind a denied finding that go on with it ("or feet")."""
        found = {s.denier for s in refuted if s.denier is not None and codes[s.denier] in self._refusing}
        for start in (*(s.end for s in refuted), *(k + 1 for k, code in enumerate(codes) if code in self._no)):
            end = start
            while end < len(codes) and codes[end] in self._goes_on:
                end += 1
            found.update(range(start, end))
        lists = [range(place, self._list_end(codes, place)[0]) for place in found if codes[place] in self._refusing]
        return frozenset(found.union(*lists))

    def _denied_from_left(self, codes: str, this: Sighting) -> int | None:
        if self._refusing.isdisjoint(codes[max(this.start - _REACH, 0) : this.start]):
            return None
        subject = self._is_clause(codes[this.start : this.end])
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

    def _denied_in_list(self, said: Said, i: int) -> int | None:
        """The place of the denial whose list a finding goes on with, else None."""
        this, codes, last = said.sightings[i], said.text, said.denied_before(i)
        denier = this.start - 1
        while denier >= 0 and codes[denier] not in self._refuses_or_stops:
            denier -= 1
        if denier < 0 or codes[denier] in self._stops:
            return None
        listed, closed = self._list_end(codes, denier)
        gap = codes[last.end if last else listed : this.start]
        follows = closed and this.start >= listed and self._leads.issuperset(codes[listed : this.start])
        beside = last is not None and self._listing.issuperset(gap)
        if not (this.start < listed or follows or beside) or not self._subject.isdisjoint(gap):
            return None
        this.opens = self._is_clause(codes[this.start : this.end])
        if this.opens or follows or not self._either.isdisjoint(gap):
            return None if this.opens else denier
        item = self._item(codes, said.sightings, i)
        if not closed and this.start < listed and self._begins_anew(codes, this, item):
            this.opens = True
            return None
        if this.start < listed and self._starts.isdisjoint(gap):
            this.in_doubt = not closed and not self._bare.issuperset(item)
            return denier
        this.opens = last is None or not self._starts.isdisjoint(gap) or not self._goes_on_with(last, this, item)
        return None if this.opens else denier

    def _begins_anew(self, codes: str, this: Sighting, item: str) -> bool:
        """Whether the words behind the last name of a list say that it is new: "since yesterday", "just started"."""
        end = this.start + len(item)
        behind, further = codes[end : end + 1], codes[end + 1 : end + 2]
        if behind in self._since:
            return self._procedure.isdisjoint(codes[end : end + 1 + _A_LIST])
        if behind in self._closes and further in self._newly:
            return True
        return this.danger.tier is Tier.EMERGENCY and not self._newly.isdisjoint(codes[this.end : end])

    def _goes_on_with(self, last: Sighting, this: Sighting, item: str) -> bool:
        """Whether a finding beside a denied one is a mere name of the same kind; marks it where that is in doubt."""
        doing = len(item) > 1 and item[0] in self._doing
        if doing or last.danger.symptom != this.danger.symptom or not self._nominal.issuperset(item):
            return False
        graver = this.danger.tier.rank < last.danger.tier.rank
        this.in_doubt = graver or not self._clean.issuperset(item) or sum(code in self._named for code in item) > 1
        return True

    def _item(self, codes: str, sightings: Sequence[Sighting], i: int) -> str:
        """A sighting with what belongs to it, up to the end of its part or to the next sighting."""
        this = sightings[i]
        end = this.end
        last = min([s.start for s in sightings[i + 1 :] if s.start >= this.end], default=len(codes))
        while end < last and codes[end] not in self._item_ends:
            end += 1
        return codes[this.start : end]

    def _list_end(self, codes: str, denier: int) -> tuple[int, bool]:
        """Where the list behind a denial ends (the denial itself where there is none), and whether "or" ends it."""
        start, items, names = denier + 1, 0, self._names_too
        while True:
            end = start
            while end < len(codes) and codes[end] not in self._run_ends:
                end += 1
            item, following = codes[start:end], codes[end : end + 1]
            if not names.issuperset(item) or self._is_clause(item):
                break
            items += bool(item)
            if following in self._either:
                return end, True
            if not item or following not in self._commas:
                break
            start, names = end + 1, self._nominal
        return (end, False) if items >= _A_LIST else (denier, False)

    def _is_clause(self, said: str) -> bool:
        """Whether a finding is a statement of its own, such as "legs weak" or "foot is dragging"."""
        if len(said) < 2 or said[0] not in self._body:
            return False
        state = said[-1] in self._states and self._named.isdisjoint(said[:-1])
        return state or not self._asserts.isdisjoint(said)
