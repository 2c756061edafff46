"""The charts of the reports, drawn on the server: replies by day, and a clinic's course beside the published one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from recovery_api.clinic.svg import Svg, area, drawing, element, line, lines, text
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import short_day_of
from recovery_api.services.report_recovery import CohortPoint
from recovery_api.services.report_replies import ReplyRate

LEFT, TOP, BOTTOM = 46, 30, 190
Grid = Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper of a chart; a narrow one keeps its letters readable on a phone."""

    width: int
    class_: str

    def picture(self, height: int, parts: Sequence[Svg], said: str) -> Markup:
        """The finished chart, told in words too."""
        return drawing(width=self.width, height=height, class_=f"chart {self.class_}", parts=parts, aria_label=said)

    def grid(self, marks: Grid, most: float) -> Iterator[Svg]:
        """Lines across with what each stands for."""
        for value, said in marks:
            y = BOTTOM - value / most * (BOTTOM - TOP)
            yield line((LEFT, y), (self.width - 8, y), "grid")
            yield text(LEFT - 8, y + 4, said, "tick", "end")


SHEETS = (Sheet(900, "chart-wide"), Sheet(360, "chart-narrow"))


def rate_charts(rates: Sequence[ReplyRate], title: str) -> Markup:
    """A bar for each day, from 0 to 100 %, for a wide page and for a phone."""
    said = ", ".join(f"{one.name} {one.answered}/{one.asked}" for one in rates)
    drawn = (sheet.picture(220, list(_bars(sheet, rates)), f"{title}: {said}") for sheet in SHEETS)
    return Markup("").join(drawn)


def _bars(sheet: Sheet, rates: Sequence[ReplyRate]) -> Iterator[Svg]:
    yield from sheet.grid([(share, f"{share} %") for share in (0, 25, 50, 75, 100)], 100)
    step = (sheet.width - LEFT - 8) / max(1, len(rates))
    every = max(1, round(70 / step))
    for place, one in enumerate(rates):
        height, x = (one.share or 0) * (BOTTOM - TOP), LEFT + place * step
        yield element("rect", x=x + step * 0.15, y=BOTTOM - height, width=step * 0.7, height=height, class_="bar-day")
        if place % every == 0 and x + step / 2 + 24 <= sheet.width:
            day = short_day_of(date.fromisoformat(one.name))
            yield text(max(x + step / 2, LEFT + 14), BOTTOM + 20, day, "tick", "middle")


def cohort_charts(points: Sequence[CohortPoint]) -> Markup:
    """Mean pain of everybody on the published range, for a wide page and for a phone; nothing for one window alone."""
    shown = [one for one in points if one.cohort == "everybody" and one.pain is not None]
    if len(shown) < 2:
        return Markup("")
    said = ", ".join(f"{_('day %(day)s', day=one.day)} {one.pain} (n {one.patients})" for one in shown)
    label = _("Mean pain of everybody on the published range: %(said)s", said=said)
    drawn = (sheet.picture(226, list(_course(sheet, shown)), label) for sheet in SHEETS)
    return Markup("").join(drawn)


def _course(sheet: Sheet, shown: Sequence[CohortPoint]) -> Iterator[Svg]:
    """The line through the windows of days; each window has the same room."""
    step = (sheet.width - LEFT - 44) / (len(shown) - 1)
    xs = [LEFT + 20 + place * step for place in range(len(shown))]
    lower, upper, course = (
        [(x, _y(edge)) for x, edge in zip(xs, edges, strict=True)]
        for edges in (
            [one.published[0] for one in shown], [one.published[1] for one in shown], [one.pain or 0 for one in shown]
        )
    )  # fmt: skip
    yield text(0, 12, _("Pain, 0–10"), "label")
    yield from sheet.grid([(pain, str(pain)) for pain in range(0, 11, 2)], 10)
    yield from (area(upper + lower[::-1], "band"), lines((upper, lower), "band-edge"), lines([course], "pain"))
    for (x, y), one in zip(course, shown, strict=True):
        day = _("day %(day)s", day=one.day) if step >= 60 else str(one.day)
        yield element("circle", cx=x, cy=y, r=4.6, class_="point")
        yield text(x, y - 10, f"{one.pain}", "score halo", "middle")
        yield text(x, BOTTOM + 16, day, "tick", "middle")
        yield text(x, BOTTOM + 30, f"n {one.patients}" if step >= 60 else str(one.patients), "tick", "middle")
    if step < 60:
        yield text(0, BOTTOM + 16, _("day"), "tick")
        yield text(0, BOTTOM + 30, "n", "tick")


def _y(pain: float) -> float:
    return BOTTOM - min(10.0, max(0.0, pain)) / 10 * (BOTTOM - TOP)
