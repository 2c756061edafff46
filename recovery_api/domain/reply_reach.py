"""Tells how far a denial reaches: "no calf pain my calf is swollen" denies the pain and reports the swelling."""

from dataclasses import dataclass

from recovery_api.domain.reply_lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class _Names:
    """What a denial can name: the words for findings, those that can come first, and what may stand before them."""

    heads: frozenset[str]
    first: frozenset[str]
    leads: frozenset[str]


class ReachReader:
    """Finds the places where a denial ends though no comma and no stop stands there.

    What it denies is named first ("no numbness"), may go on in its own terms ("or tingling in my legs when I walk")
    and ends at the first word that does neither.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        def of(*concepts: str) -> frozenset[str]:
            return frozenset(lexicon.chars(*concepts))

        self._no = of("WITHOUT")
        self._refusing = self._no | of("NOT") - of("REFUSES")
        self._named, self._verbs = of("NAMED", "NAMED_TOO"), of("HURT", "FALLEN", "FAINT")
        self._states = self._named | self._verbs | of("STATE", "NUMB", "WEAK", "PAIN", "SWOLLEN")
        self._doing, self._hurts, self._hard = of("DOING"), of("HURT"), of("HARD")
        self._parts = of("LIMB", "CHEST", "ORGAN", "BACK", "CALF", "SITE", "GROIN", "UPPER_LIMB", "FACE", "THROAT")
        self._parts |= of("OTHER_PLACE")
        leads, self._sides = self._parts | of("LIGHT", "QUALIFIES"), of("DETERMINES", "SIDES")
        self._of_no = _Names(self._named, self._named - of("FUNCTIONS"), leads - self._named)
        self._of_not = _Names(self._states, self._states - self._doing, leads - self._states)
        self._where, self._when, self._also = of("WHERE", "WHERE_TOO"), of("WHENEVER"), of("ALSO")
        self._goes_on, self._either = of("GOES_ON", "SO_FAR", "DOSE"), of("ANY_OF")
        self._commas, self._limits, self._numeric = of("COMMA"), of("MORE_THAN"), lexicon.numeric

    def ends(self, codes: str) -> dict[int, int]:
        """The places of the words that are the first beyond a denial, in order, each with the place of the denial."""
        if self._refusing.isdisjoint(codes):
            return {}
        denials = [place for place, code in enumerate(codes) if code in self._refusing]
        return {end: denial for denial in denials if (end := self._end(codes, denial)) < len(codes)}

    def _end(self, codes: str, denial: int) -> int:
        """The first place that the denial does not reach; the end of the text where a pause or nothing limits it."""
        names = self._of_no if codes[denial] in self._no else self._of_not
        place, heads = self._skip(codes, denial + 1, names.leads), names.heads
        if codes[place : place + 1] not in names.first:
            return len(codes)
        first, last, waits = place, place, False
        while place < len(codes) and codes[place] not in self._when:
            code, beside = codes[place], first < last == place - 1 and self._beside(codes, last)
            if code in heads and (place == first or not self._opens(codes, place)):
                last, place = place, self._place_named(codes, place + 1) if code in self._hurts else place + 1
                continue
            after = self._goes_to(codes, place, names, beside=beside)
            if after is None:  # "no fever, headache is worse": a comma goes on with a list only where an "or" ends it
                return len(codes) if waits else last if beside else self._skip(codes, place, self._also)
            waits = code in self._commas or (waits and code not in self._either)
            place = after
        return len(codes)

    def _goes_to(self, codes: str, place: int, names: _Names, *, beside: bool) -> int | None:
        """The place behind a word with which the denial goes on and what belongs to it, None where it ends there."""
        code, following = codes[place], codes[place + 1 : place + 2]
        if code in self._goes_on:
            return place + 1
        if code in self._either or code in self._commas:
            return self._skip(codes, place + 1, names.leads)
        if code in self._limits and following in self._numeric:
            return place + 2
        if beside or code not in self._where:
            return None
        beyond = self._place_named(codes, place + 1)
        return beyond if beyond > place + 1 or following in names.heads else None

    def _beside(self, codes: str, place: int) -> bool:
        """Whether a name stands right beside another and opens a statement of its own: "no fever pain is worse"."""
        return codes[place - 1] in self._states and codes[place - 1] not in self._hard

    def _opens(self, codes: str, place: int) -> bool:
        """Whether the word of a finding is a verb that opens a statement: "no redness | leaking from my back"."""
        if codes[place] not in self._doing or codes[place + 1 : place + 2] in self._either:
            return codes[place] in self._verbs
        return self._beside(codes, place)

    def _place_named(self, codes: str, place: int) -> int:
        """The end of "my left leg" or "either leg or my foot"."""
        while True:
            place = self._skip(codes, place, self._sides)
            place += codes[place : place + 1] in self._parts
            if codes[place : place + 1] not in self._either:
                return place
            place += 1

    @staticmethod
    def _skip(codes: str, place: int, over: frozenset[str]) -> int:
        while place < len(codes) and codes[place] in over:
            place += 1
        return place
