"""The spine as the form draws it, from the left, a row for each vertebra: the front at the left, the back right."""

from dataclasses import dataclass
from functools import cache
from math import pi, sin

from markupsafe import Markup

from recovery_api.clinic.svg import area, drawing, line
from recovery_api.clinic.words import N_
from recovery_api.domain.vertebrae import CERVICAL, LUMBAR, SACRAL, THORACIC, VERTEBRAE

_WIDTH, _HEIGHT = 150.0, 26.0
_MIDDLE = 58.0


@dataclass(frozen=True, slots=True)
class Bone:
    """One vertebra of the drawing, whether it is chosen, and its picture."""

    level: str
    is_chosen: bool
    picture: Markup


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the spine; `is_folded` where it is seldom treated and none of it is chosen."""

    name: str
    title: str
    bones: tuple[Bone, ...]
    is_folded: bool


def spine(chosen: frozenset[str]) -> tuple[Part, ...]:
    """The whole spine from the neck down."""
    parts = (
        ("neck", N_("Neck, C1 to C7"), CERVICAL),
        ("back", "", (*THORACIC, *LUMBAR)),
        ("sacrum", N_("Sacrum, S1 to S5"), SACRAL),
    )
    return tuple(
        Part(
            name,
            title,
            tuple(Bone(level, level in chosen, _picture(VERTEBRAE.index(level))) for level in levels),
            bool(title) and not chosen.intersection(levels),
        )
        for name, title, levels in parts
    )


@cache
def _picture(place: int) -> Markup:
    """A body in front, a process behind it: wider the lower it is, and shifted along the curves of the spine."""
    depth = place / (len(VERTEBRAE) - 1)
    half = 12 + 17 * min(depth / 0.82, 1) - (9 * (depth - 0.82) / 0.18 if depth > 0.82 else 0)
    centre = _MIDDLE + 15 * sin(2 * pi * (depth * 1.18 - 0.16))
    left, right = centre - half, centre + half
    tilt = 2.6 * sin(2 * pi * (depth * 1.18 - 0.41))
    body = (
        (left, 3 + tilt),
        (right, 3 - tilt),
        (right - 1.5, 13 - tilt),
        (right, 23 - tilt),
        (left, 23 + tilt),
        (left + 2, 13 + tilt),
    )
    process = (
        (right + 1, 7 - tilt),
        (right + 14, 9),
        (right + 31, 19),
        (right + 29, 23),
        (right + 12, 17),
        (right + 1, 16 - tilt),
    )
    tick = line((centre - 6, 13), (centre - 2, 17), "tick-mark"), line((centre - 2, 17), (centre + 7, 8), "tick-mark")
    return drawing(
        width=_WIDTH,
        height=_HEIGHT,
        class_="bone",
        parts=(area(process, "behind"), area(body, "body"), *tick),
        aria_hidden="true",
        focusable="false",
    )
