"""Finds the numbers of a reply that could be pain scores: "7", "7/10", "6 or 7", "6 1/2", "10+++"."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from recovery_api.domain.reply_lexicon import Lexicon, Words

WORST = 10
_WIDE = 4
_SLIPS_FOR_TEN = (11, 100)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number in pieces `start` to `end` (exclusive): `safe` where it is a score as written, else `value` is offered.

    `scaled` says that it was given out of ten.
    """

    start: int
    end: int
    value: int | None
    qualifier: str = "exact"
    safe: bool = True
    scaled: bool = False


class NumberFinder:
    """Puts digits and number words together the way people write scores."""

    def __init__(self, lexicon: Lexicon) -> None:
        def run(*parts: str) -> re.Pattern[str]:
            """A pattern of words in a row; a part that ends in "?" may be absent."""
            classes = [f"[{lexicon.chars(*part.strip('?').split('|'))}]" for part in parts]
            ends = ["?" if part.endswith("?") else "" for part in parts]
            return re.compile("".join([c + end for c, end in zip(classes, ends, strict=True)]))

        self._out_of = run("OVER|SLASH", "OVER|ARTICLE?", "OVER|ARTICLE?")
        self._range = run("COMMA?", "ABOUT?", "ARTICLE?", "RANGE|DASH|maybe", "RANGE|ABOUT?", "ARTICLE?")
        self._aside = run("COMMA", "ARTICLE")
        self._listed = run("ALSO|COMMA", "ARTICLE?")
        self._point = run("POINT")
        self._half = run("ALSO?", "ARTICLE?", "HALF")
        counted = lexicon.chars("ARTICLE", "OVER", "DOSE", "TIME_UNIT", "COUNTED")  # "6 and half the pills"
        ends = lexicon.chars("FULL_STOP", "COMMA", "TURN")
        half, plain = run("ALSO", "ARTICLE", "HALF").pattern, run("ALSO", "HALF").pattern
        self._and_half = re.compile(f"{half}(?![{counted}])|{plain}(?=[{ends}]|$)")
        self._plus = run("PLUS")
        self._also = lexicon.chars("ALSO")
        self._slash, self._dash = lexicon.chars("SLASH"), lexicon.chars("DASH")
        self._between = re.compile(run("BETWEEN", "ARTICLE?").pattern + "$")
        opening = f"(?:^|[{lexicon.chars('FILLER', 'SCORE', 'COMMA', 'FULL_STOP')}])"
        self._more = re.compile(opening + run("MORE_THAN", "than?", "ARTICLE?").pattern + "$")
        self._less = re.compile(opening + run("LESS_THAN", "than?", "ARTICLE?").pattern + "$")
        self._shifted_from = re.compile(run("SHIFTED", "FROM", "ARTICLE?").pattern + "$")
        said = lexicon.chars("PAIN_WORD", "SCORE", "DIGITS", "BE")
        self._scale = re.compile(f"(?<![{said}])" + run("of|outof|de").pattern + "$")
        self._from = re.compile(run("FROM", "ARTICLE?").pattern + "$")

    def find(self, words: Words, counting: Collection[int]) -> list[Candidate]:
        """Every number of the reply, in order; those at the places `counting` (such as days) start no range."""
        places = sorted(words.values)
        found: list[Candidate] = []
        while places:
            candidate = self._scaled(words, self._compound(words, places, counting) or self._single(words, places[0]))
            found.append(candidate)
            places = [place for place in places if place >= candidate.end]
        return found

    def _scaled(self, words: Words, candidate: Candidate) -> Candidate:
        """The candidate with an "out of 10" that follows it ("6 or 7 out of 10")."""
        follows = self._out_of.match(words.codes, candidate.end)
        if candidate.scaled or not follows or words.values.get(follows.end()) != WORST:
            return candidate
        return replace(candidate, end=follows.end() + 1, scaled=True)

    def _compound(self, words: Words, places: list[int], counting: Collection[int]) -> Candidate | None:
        if len(places) < 2 or places[0] in counting:
            return None
        first, second = places[0], places[1]
        a, b = words.values[first], words.values[second]
        gap = words.codes[first + 1 : second]
        fraction = self._mixed_fraction(words, places) if not gap or gap in self._also else None
        if fraction or not gap:
            return fraction
        if b == WORST and self._out_of.fullmatch(gap):
            return _out_of_ten(first, second + 1, a)
        if gap in self._slash:
            return Candidate(first, second + 1, _within(max(a, b)), "unclear", safe=False)
        if self._point.fullmatch(gap) and max(a, b) < WORST:
            return Candidate(first, second + 1, _rounded(a + b / 10))
        if self._aside.fullmatch(gap):
            return None
        ranges = self._range.fullmatch(gap) and not self._follows_from(words, first, second)
        if ranges or self._is_between(words, first, gap):
            half = self._and_half.match(words.codes, second + 1)  # "5 maybe 5 and a half"
            b, end = (b + 0.5, half.end()) if half else (b, second + 1)
            return _range(first, end, a, b, dashed=gap in self._dash)
        return None

    def _follows_from(self, words: Words, first: int, second: int) -> bool:
        """ "From 8 to 3" tells of a change, not of a range; "from 0 to 10" of neither."""
        scale = max(words.values[first], words.values[second]) == WORST and words.values[first] <= 1
        return bool((self._shifted_from if scale else self._from).search(words.codes[:first]))

    def _is_between(self, words: Words, first: int, gap: str) -> bool:
        return bool(self._listed.fullmatch(gap) and self._between.search(words.codes[:first]))

    def _mixed_fraction(self, words: Words, places: list[int]) -> Candidate | None:
        """ "6 1/2", in which the half rounds up."""
        first, *rest = places[:3]
        if [words.values[place] for place in rest] != [1.0, 2.0] or rest[1] != rest[0] + 2:
            return None
        if words.codes[rest[0] + 1] not in self._slash:
            return None
        return Candidate(first, rest[1] + 1, _rounded(words.values[first] + 0.5), "about")

    def _single(self, words: Words, place: int) -> Candidate:
        value, piece = words.values[place], words.pieces[place]
        before, after = words.codes[:place], words.codes[place + 1 :]
        half = self._half.match(after)
        if half and value < WORST:
            return Candidate(place, place + 1 + half.end(), _rounded(value + 0.5), "about")
        if self._plus.match(after):
            return _more_than(place, place + 2, value, 0)
        if self._more.search(before):
            return _more_than(place, place + 1, value, 1)
        if value == WORST and self._scale.search(before):
            return Candidate(place, place + 1, None, "unclear", safe=False)
        if self._less.search(before):
            return Candidate(place, place + 1, _within(max(value - 1, 0)), "unclear", safe=False)
        return _written(place, piece, value)


def _written(place: int, piece: str, value: float) -> Candidate:
    digits = piece.strip()
    if not digits.isdecimal() and any(c.isalpha() for c in digits) and any(c.isdecimal() for c in digits):
        return Candidate(place, place + 1, _within(value), "slip", safe=False)
    if digits.isdecimal() and len(digits) > 1 and (len(set(digits)) == 1 or value in _SLIPS_FOR_TEN):
        meant = WORST if value in _SLIPS_FOR_TEN else int(digits[0])
        return Candidate(place, place + 1, meant, "slip", safe=False)
    if value > WORST:
        return Candidate(place, place + 1, None, "out_of_range", safe=False)
    if "," in digits and not _comma_is_clear(digits):
        return Candidate(place, place + 1, _within(max(map(float, digits.split(",")))), "unclear", safe=False)
    return Candidate(place, place + 1, _rounded(value), "exact" if value == int(value) else "about")


def _comma_is_clear(digits: str) -> bool:
    """Whether "7,5" means the same as a decimal and as a range, or can only be a decimal."""
    a, b = (int(part) for part in digits.split(","))
    return b in (0, 5) or (b == a + 1 and b > 5)


def _out_of_ten(start: int, end: int, value: float) -> Candidate:
    if value > WORST:
        return Candidate(start, end, WORST, "over_scale", scaled=True)
    return Candidate(start, end, _rounded(value), scaled=True)


def _more_than(start: int, end: int, value: float, step: int) -> Candidate:
    if value == WORST:
        return Candidate(start, end, WORST, "over_scale")
    return Candidate(start, end, _within(value + step), "unclear", safe=False)


def _range(start: int, end: int, a: float, b: float, *, dashed: bool) -> Candidate:
    """The higher of the two, unless they lie so far apart that the lower may have been meant."""
    low, high = sorted((a, b))
    if high > WORST or high - low >= WORST - 1:
        return Candidate(start, end, None, "unclear", safe=False)
    if dashed and b == WORST and high - low > 1:
        return Candidate(start, end, _within(a), "unclear", safe=False)
    return Candidate(start, end, _rounded(high), "range", safe=high - low < _WIDE)


def _within(value: float) -> int | None:
    return _rounded(value) if value <= WORST else None


def _rounded(value: float) -> int:
    """The nearest whole score; halves round up, never over ten."""
    return min(math.floor(value + 0.5), WORST)
