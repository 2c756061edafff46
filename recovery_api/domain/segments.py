"""How many SMS segments a text costs: GSM 03.38 with its extension table, else UCS-2."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import regex

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM_SINGLE, _GSM_PART = 160, 153
_UCS2_SINGLE, _UCS2_PART = 70, 67
# A carriage return and its line feed are two characters to the carriers, though one grapheme cluster to Unicode.
_GRAPHEME = regex.compile(r"\r|\X")


@dataclass(frozen=True, slots=True)
class Measure:
    """The cost of a text: `encoding` is "GSM-7" or "UCS-2"; `characters` as a carrier's counter shows them."""

    encoding: str
    segments: int
    characters: int


def measure(text: str) -> Measure:
    """Encoding, segments and characters of `text` exactly as given; an empty text is one GSM-7 segment."""
    if all(c in _BASIC or c in _EXTENDED for c in text):
        septets = [_septets(c) for c in text]
        return Measure("GSM-7", _segments(septets, _GSM_SINGLE, _GSM_PART), sum(septets))
    graphemes = _GRAPHEME.findall(text)
    return Measure("UCS-2", _segments(_unsplittable(graphemes), _UCS2_SINGLE, _UCS2_PART), len(graphemes))


def not_gsm(text: str) -> list[tuple[int, str]]:
    """Position and character of everything that forces `text` into UCS-2."""
    return [(i, c) for i, c in enumerate(text) if c not in _BASIC and c not in _EXTENDED]


def smart_encode(text: str, mapping: Mapping[str, str]) -> str:
    """`text` with each character of `mapping` (such as a curly quote) replaced by its plain twin."""
    return "".join([mapping.get(c, c) for c in text])


def _septets(character: str) -> int:
    return 1 if character in _BASIC else 2


def _units(text: str) -> int:
    return sum(2 if ord(c) > 0xFFFF else 1 for c in text)


def _unsplittable(graphemes: list[str]) -> Iterator[int]:
    """UTF-16 units of the pieces that stay together: a grapheme, or its characters where it outgrows a segment."""
    for grapheme in graphemes:
        units = _units(grapheme)
        if units <= _UCS2_PART:
            yield units
        else:
            yield from map(_units, grapheme)


def _segments(pieces: Iterator[int] | list[int], single: int, part: int) -> int:
    """Segments needed when no piece may be split over two."""
    sizes = list(pieces)
    if sum(sizes) <= single:
        return 1
    count, room = 0, 0
    for size in sizes:
        if size > room:
            count, room = count + 1, part
        room -= size
    return count
