"""Decides which number of a reply, if any, is today's back pain, and whether it is safe to save without asking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recovery_api.domain.reply_dangers import Dangers
from recovery_api.domain.reply_lexicon import Words
from recovery_api.domain.reply_numbers import WORST, Candidate, NumberFinder
from recovery_api.domain.reply_others import OthersReader
from recovery_api.domain.reply_patterns import PatternIndex, PatternSet
from recovery_api.domain.reply_places import PlaceReader
from recovery_api.domain.reply_vocabulary import Pack, Packs

_OPEN_TO_A_BARE_NUMBER = frozenset({"pain", "symptoms"})
_ASKS_FOR_ANOTHER_NUMBER = frozenset({"activity", "medication", "appointment", "thinner"})


@dataclass(frozen=True, slots=True)
class Score:
    """What the numbers of a reply say: `pain` to save, or `suggest` to offer when asking back."""

    pain: int | None = None
    suggest: int | None = None
    qualifier: str = "none"
    correction: bool = False


_BESIDE = 4
NO_SCORE = Score()
Roles = dict[str, set[int]]


class ScoreReader:
    """Tells a pain score from times, doses, dates, ages, vertebrae, temperatures and pains of another day or place."""

    def __init__(self, index: PatternIndex, packs: Packs) -> None:
        lexicon = index.lexicon
        self._finder = NumberFinder(lexicon)
        self._roles = PatternSet(index, [role for pack in packs.values() for role in _role_patterns(pack)])
        self._measured = frozenset(lexicon.chars("HOT", "COOL")) & frozenset(lexicon.chars("DECIMAL"))
        self._dress, self._bare = frozenset(lexicon.chars("DRESS")), frozenset(lexicon.chars("BARE"))
        self._ends = frozenset(lexicon.chars("COMMA", "FULL_STOP", "TURN"))
        self._full_stop = frozenset(lexicon.chars("FULL_STOP")) - frozenset(lexicon.chars("QUESTION_MARK"))
        self._postures = frozenset(lexicon.chars("REST", "MOVING"))
        self._pain = frozenset(lexicon.chars("PAIN_WORD"))
        self._felt = self._postures | self._pain | frozenset(lexicon.chars("WORST", "MAYBE_NUMBER"))
        self._pronouns = frozenset(lexicon.chars("MAYBE_NUMBER"))
        self._places, self._others = PlaceReader(lexicon), OthersReader(index, packs)

    def read(
        self, words: Words, question: str, dangers: Dangers, *, stops: bool = False, possible: int | None = None
    ) -> Score:
        """The score of a reply to `question`; `stops` says that it also asks for the texts to end.

        `possible` is what the pattern index says of the words, where that is known already.
        """
        if not words.values:
            return NO_SCORE
        roles = self._roles_of(words, possible)
        left, corrected = _latest(_likely(self._measuring_pain(words, question, roles), roles), roles)
        opening = self._opening(words, left)
        left = [opening] if opening else self._places.of_the_back(words, left, dangers)
        if not left:
            return NO_SCORE
        asked = question in _OPEN_TO_A_BARE_NUMBER
        chosen = self._single_one(words, left, roles)
        if chosen is None:
            return Score(suggest=_highest(left) if asked else None, qualifier="several")
        reports = stops or dangers.denied or bool(dangers.found)
        said = [c for c in left if c.value == chosen.value and c.safe] or [chosen]
        believed = self._believed(words, chosen, said, roles, question, reports=reports)
        if chosen.safe and believed:
            return Score(chosen.value, None, "correction" if corrected else chosen.qualifier, corrected)
        doubted = (chosen.safe and _has(roles, "unlikely", chosen)) or not (asked or believed)
        return Score(None, None if doubted else chosen.value, "unclear" if chosen.safe else chosen.qualifier)

    def of_others(self, words: Words, possible: int | None = None) -> frozenset[int]:
        """The places of the numbers that somebody else was given: "my roommate is a 9, me 3"."""
        return self._others.scores_of_others(words.codes, sorted(words.values), possible)

    def _roles_of(self, words: Words, possible: int | None) -> Roles:
        roles: Roles = {}
        for match in self._roles.search(words.codes, possible):
            roles.setdefault(match.label, set()).add(match.number)
        if theirs := self.of_others(words, possible):
            roles.setdefault("never", set()).update(theirs)
        return roles

    def _measuring_pain(self, words: Words, question: str, roles: Roles) -> list[Candidate]:
        """The numbers that may measure the pain."""
        found = self._finder.find(words, roles.get("numbered", ()))
        left = [c for c in found if not self._measures_something_else(words, roles, c)]
        if question in _ASKS_FOR_ANOTHER_NUMBER:
            left = [c for c in left if c.scaled or _has(roles, "pain", c) or _has(roles, "fixed", c)]
        if "beyond" in roles:
            left = [replace(c, value=WORST, safe=False) if _has(roles, "beyond", c) else c for c in left]
        return left

    def _measures_something_else(self, words: Words, roles: Roles, candidate: Candidate) -> bool:
        if candidate.scaled:
            return False
        return not _has(roles, "insisted", candidate) and (
            _has(roles, "never", candidate)
            or _has(roles, "numbered", candidate)
            or words.codes[candidate.start] in self._measured
        )

    def _opening(self, words: Words, left: list[Candidate]) -> Candidate | None:
        """The score that opens a reply as a sentence of its own, where no other number can be one: "2. Fed 40 head"."""
        if len(left) < 2 or left[0].start or not left[0].safe or any(c.value is not None for c in left[1:]):
            return None
        stop, rest = words.codes[left[0].end], words.codes[left[0].end + 1 :]
        told = left[1].start > left[0].end + 1 and left[-1].end < len(words.codes) and self._felt.isdisjoint(rest)
        return left[0] if told and stop in self._full_stop else None

    def _single_one(self, words: Words, left: Sequence[Candidate], roles: Roles) -> Candidate | None:
        if len({c.value for c in left}) == 1:
            return left[-1]
        if self._rest_and_moving(words, left):
            return replace(max(left, key=lambda c: c.value or 0), qualifier="moving")
        led = [c for c in left if c.safe and (c.scaled or _has(roles, "score", c) or _has(roles, "pain", c))]
        if len({c.value for c in led}) == 1 and not any(c.safe for c in left if c not in led):
            return led[0]
        return None

    def _rest_and_moving(self, words: Words, left: Sequence[Candidate]) -> bool:
        """Whether the scores are one for rest and one for moving ("sitting 3 walking 7", "3 but 7 when I bend")."""
        if not all(c.safe for c in left):
            return False
        beside = [c.value for c in left if self._beside_a_posture(words, c)]
        return len(beside) == len(left) or (len(left) == 2 and max(c.value or 0 for c in left) in beside)

    def _beside_a_posture(self, words: Words, candidate: Candidate) -> bool:
        near = words.codes[max(candidate.start - _BESIDE, 0) : candidate.end + _BESIDE]
        return not self._postures.isdisjoint(near)

    def _believed(
        self, words: Words, chosen: Candidate, said: Sequence[Candidate], roles: Roles, question: str, *, reports: bool
    ) -> bool:
        """Whether the words around a number say that it is a pain score; `said` are all places that give it."""
        if _has(roles, "pain", chosen) or _has(roles, "fixed", chosen):
            return True
        led = _has(roles, "score", chosen)
        unlikely = _has(roles, "unlikely", chosen) and not led
        rest = words.codes[: chosen.start] + words.codes[chosen.end :]
        apart = any(self._stands_apart(words, c) for c in said) and not unlikely
        if question not in _OPEN_TO_A_BARE_NUMBER:
            bare = self._bare.issuperset(rest) and not unlikely and (apart or led)
            spelled = not words.pieces[chosen.start][0].isdecimal() and chosen.end < len(words.codes)
            return bare or (apart and not spelled and (reports or bool(self._pain.intersection(rest))))
        if self._dress.issuperset(_without(words.codes, said)):
            return not unlikely
        said_now = chosen.qualifier == "moving" or _has(roles, "now", chosen) or _has(roles, "corrected", chosen)
        return led or chosen.scaled or said_now or _has(roles, "kept", chosen) or apart

    def _stands_apart(self, words: Words, chosen: Candidate) -> bool:
        """Whether the number opens or closes the message or one of its clauses ("one" must be more than a pronoun)."""
        codes = words.codes
        if codes[chosen.start] in self._pronouns:
            return len(codes) == 1 or (chosen.start == 0 and codes[chosen.end : chosen.end + 1] in self._ends)
        opens = chosen.start == 0 or codes[chosen.start - 1] in self._ends
        return opens or chosen.end == len(codes) or codes[chosen.end] in self._ends


def _without(codes: str, candidates: Sequence[Candidate]) -> str:
    """`codes` without those of the candidates."""
    taken = {place for c in candidates for place in range(c.start, c.end)}
    return "".join([code for place, code in enumerate(codes) if place not in taken])


def _role_patterns(pack: Pack) -> list[tuple[str, str]]:
    return [(role, pattern) for role, patterns in pack["patterns"].get("numbers", {}).items() for pattern in patterns]


def _has(roles: Roles, role: str, candidate: Candidate) -> bool:
    places = roles.get(role)
    return places is not None and not places.isdisjoint(range(candidate.start, candidate.end))


def _latest(left: list[Candidate], roles: Roles) -> tuple[list[Candidate], bool]:
    """The scores that count now, and whether they correct an earlier one."""
    corrected = [c for c in left if _has(roles, "insisted", c)] or [c for c in left if _has(roles, "corrected", c)]
    if corrected and not any(_has(roles, "pain", c) for c in left if c.start > corrected[-1].start):
        return corrected[-1:], True
    kept = [c for c in left if not _has(roles, "rejected", c)] or left
    named = [c for c in kept if _has(roles, "kept", c) or _has(roles, "now", c)]
    if named:
        named = [c for c in kept if c in named or _has(roles, "pain", c)]
    present = [c for c in kept if not _has(roles, "past", c)]
    fresh = [c for c in named if c in present]
    if fresh or present or named or not kept:
        return fresh or present or named, False
    return [replace(c, qualifier="past", safe=False) for c in kept], False


def _likely(left: list[Candidate], roles: Roles) -> list[Candidate]:
    """Without numbers that are more likely a time, a dose or an age, unless they are all there is."""
    sure = [c for c in left if not _has(roles, "unlikely", c)]
    if not any(_has(roles, "score", c) or _has(roles, "pain", c) for c in sure):
        sure = [c for c in left if _has(roles, "score", c) or not _has(roles, "unlikely", c)]
    likely = sure or left
    led = [c for c in likely if c.value is not None and (_has(roles, "score", c) or _has(roles, "pain", c))]
    return [c for c in likely if c.value is not None] if led else likely


def _highest(left: Sequence[Candidate]) -> int | None:
    values = {c.value for c in left if c.value is not None}
    return max(values) if len(values) == 2 else None
