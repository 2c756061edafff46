"""Writing SVG by hand, safely: every attribute and every text is escaped, and nothing carries a style."""

from collections.abc import Iterable
from html import escape
from typing import NewType

from markupsafe import Markup

Svg = NewType("Svg", str)
NOTHING = Svg("")


def element(name: str, inside: Svg = NOTHING, **attributes: object) -> Svg:
    """One element around what is written already; `class_` becomes class, `text_anchor` text-anchor."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_written(value)}"' for key, value in attributes.items())
    return Svg(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")


def words(said: str) -> Svg:
    """Text for the inside of an element."""
    return Svg(escape(said))


def drawing(*, width: float, height: float, class_: str, parts: Iterable[Svg], **attributes: object) -> Markup:
    """The outer element of a picture with its own coordinates."""
    box = f"0 0 {_number(width)} {_number(height)}"
    whole = element("svg", Svg("".join(parts)), viewBox=box, class_=class_, role="img", **attributes)
    return Markup(whole)  # noqa: S704 - the one place: every part above was escaped when it was written


def lines(several: Iterable[Iterable[tuple[float, float]]], class_: str) -> Svg:
    """Several lines as one element."""
    strokes = " ".join(f"M{corners(points)}" for points in several)
    return Svg(f'<path d="{strokes}" class="{class_}"/>')


def area(points: Iterable[tuple[float, float]], class_: str) -> Svg:
    """A filled shape between points."""
    return Svg(f'<polygon points="{corners(points)}" class="{class_}"/>')


def line(start: tuple[float, float], end: tuple[float, float], class_: str) -> Svg:
    """A straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def text(x: float, y: float, said: str, class_: str, anchor: str = "start") -> Svg:
    """A piece of text at a point."""
    return element("text", words(said), x=x, y=y, class_=class_, text_anchor=anchor)


def corners(points: Iterable[tuple[float, float]]) -> str:
    """Points as SVG writes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _written(value: object) -> str:
    return _number(value) if isinstance(value, int | float) else escape(str(value))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
