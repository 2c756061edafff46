"""The charts of the reports, drawn on the server: replies by day, and a clinic's course beside the published one."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from recovery_api.clinic.svg import Svg, area, drawing, element, line, lines, text
from recovery_api.clinic.tongue import gettext as _
from recovery_api.services.report_recovery import CohortPoint
from recovery_api.services.report_replies import ReplyRate

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 220, 46, 16, 190


def rate_chart(rates: Sequence[ReplyRate], title: str) -> Markup:
    """A bar for each day, from 0 to 100 %."""
    step = (WIDTH - LEFT - 8) / max(1, len(rates))
    parts = [*_grid([(share, f"{share} %") for share in (0, 25, 50, 75, 100)], 100)]
    for place, one in enumerate(rates):
        height = (one.share or 0) * (BOTTOM - TOP)
        x = LEFT + place * step
        parts.append(
            element("rect", x=x + step * 0.15, y=BOTTOM - height, width=step * 0.7, height=height, class_="bar-day")
        )
    for place in sorted({0, len(rates) - 1}):
        anchor = "start" if place == 0 else "end"
        parts.append(
            text(LEFT + (place + (0 if place == 0 else 1)) * step, BOTTOM + 20, rates[place].name, "tick", anchor)
        )
    said = ", ".join(f"{one.name} {one.answered}/{one.asked}" for one in rates)
    return drawing(width=WIDTH, height=HEIGHT, class_="chart", parts=parts, aria_label=f"{title}: {said}")


def cohort_chart(points: Sequence[CohortPoint]) -> Markup:
    """Mean pain of everybody on the published range, by window of days; each window has the same room."""
    shown = [one for one in points if one.cohort == "everybody" and one.pain is not None]
    if len(shown) < 2:
        return Markup("")
    step = (WIDTH - LEFT - 64) / (len(shown) - 1)
    xs = [LEFT + 30 + place * step for place in range(len(shown))]
    upper = [(x, _y(one.published[1])) for x, one in zip(xs, shown, strict=True)]
    lower = [(x, _y(one.published[0])) for x, one in zip(xs, shown, strict=True)]
    course = [(x, _y(one.pain or 0)) for x, one in zip(xs, shown, strict=True)]
    parts = [*_grid([(pain, str(pain)) for pain in range(0, 11, 2)], 10), area(upper + lower[::-1], "band")]
    parts += [lines((upper, lower), "band-edge"), lines([course], "pain")]
    for (x, y), one in zip(course, shown, strict=True):
        parts.append(element("circle", cx=x, cy=y, r=4.6, class_="point"))
        parts.append(text(x, y - 10, f"{one.pain}", "score halo", "middle"))
        parts.append(text(x, BOTTOM + 16, _("day %(day)s", day=one.day), "tick", "middle"))
        parts.append(text(x, BOTTOM + 30, f"n {one.patients}", "tick", "middle"))
    said = ", ".join(f"{_('day %(day)s', day=one.day)} {one.pain} (n {one.patients})" for one in shown)
    label = _("Mean pain of everybody on the published range: %(said)s", said=said)
    return drawing(width=WIDTH, height=HEIGHT + 6, class_="chart", parts=parts, aria_label=label)


def _y(pain: float) -> float:
    return BOTTOM - min(10.0, max(0.0, pain)) / 10 * (BOTTOM - TOP)


def _grid(marks: Sequence[tuple[float, str]], most: float) -> Iterator[Svg]:
    for value, said in marks:
        y = BOTTOM - value / most * (BOTTOM - TOP)
        yield line((LEFT, y), (WIDTH - 8, y), "grid")
        yield text(LEFT - 8, y + 4, said, "tick", "end")
