"""QR codes as one path of squares, so that a page needs no image and no markup from elsewhere."""

from dataclasses import dataclass
from itertools import groupby

import segno

QUIET = 4  # modules of white around, as the standard asks


@dataclass(frozen=True, slots=True)
class Picture:
    """A square of `size` modules each way, and the dark ones of it as the path of an SVG."""

    size: int
    path: str


def draw(text: str) -> Picture:
    """The picture of a text, readable with a sixth of it soiled."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=QUIET)]
    return Picture(len(rows), "".join(_runs(row, y) for y, row in enumerate(rows)))


def draw_if_it_fits(text: str) -> Picture | None:
    """The same; None where the text is longer than any square holds."""
    try:
        return draw(text)
    except segno.DataOverflowError:
        return None


def _runs(row: list[int], y: int) -> str:
    drawn, x = [], 0
    for is_dark, run in groupby(row):
        width = len(list(run))
        if is_dark:
            drawn.append(f"M{x} {y}h{width}v1h-{width}z")
        x += width
    return "".join(drawn)
