"""The pain charts, drawn on the server as SVG: no script, no style attribute, gaps stay gaps."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from recovery_api.clinic.courses import SPARK_DAYS, BandDay, Course, CoursePoint
from recovery_api.clinic.svg import Svg, area, drawing, element, line, lines, text, words
from recovery_api.clinic.tongue import gettext
from recovery_api.clinic.words import ACTIVITY_RANK, Group

_GROUPS = tuple(Group)


@dataclass(frozen=True, slots=True)
class Plot:
    """Where days and scores lie in a picture; `top` is a score of 10 and `bottom` a score of 0."""

    first_day: float
    last_day: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, day: float) -> float:
        """The place of a day."""
        return self.left + (day - self.first_day) / (self.last_day - self.first_day) * (self.right - self.left)

    def y(self, pain: float) -> float:
        """The height of a score, always on the whole scale from 0 to 10."""
        return self.bottom - min(10.0, max(0.0, pain)) / 10 * (self.bottom - self.top)

    @property
    def day_width(self) -> float:
        """The room of one day."""
        return self.x(1) - self.x(0)


def sparkline(course: Course) -> Markup:
    """The last 14 days on the expected range, with the days without a reply as ticks below."""
    first = course.today - SPARK_DAYS + 1
    plot = Plot(first, course.today, 5, 123, 4, 36)
    parts = [*_band(course, plot, every=4)]
    if first <= 0 <= course.today:
        parts.append(line((plot.x(0), 2), (plot.x(0), 37), "procedure"))
    parts.extend(_runs(course, plot))
    missed = [plot.x(point.day) for point in course.points if point.is_missed and point.day >= first]
    if missed:
        parts.append(lines([[(x, 39), (x, 44)] for x in missed], "missed"))
    last = course.last
    if last is not None and last.day >= first:
        parts.append(_mark(course, last, plot, 3.2))
    label = gettext("Pain over %(days)s days: %(scores)s", days=SPARK_DAYS, scores=_spoken_scores(course, first))
    return drawing(width=128, height=44, class_="spark", parts=parts, aria_label=label)


def recovery_chart(course: Course, *, narrow: bool = False) -> Markup:
    """Pain and activity over the whole recovery; the narrow one keeps its letters readable on a phone."""
    width, left = (360, 52) if narrow else (720, 62)
    ahead = max(14, course.today + max(1, course.today // 20))
    before = course.first_day - max(0.6, (ahead - course.first_day) * 0.02)
    plot = Plot(before, ahead, left, width - 12, 44, 214)
    name = "chart-narrow" if narrow else "chart-wide"
    parts = [
        element("title", words(gettext("Pain and activity since the procedure")), id=f"{name}-title"),
        element("desc", words(describe(course)), id=f"{name}-desc"),
        *_scale(plot, narrow),
        *_band(course, plot),
        *_procedure(plot),
        *_threshold(course, plot),
        *_gap_boxes(course, plot),
        *_pain(course, plot),
        *_flags(course, plot),
        *_activity(course, plot),
        *_day_labels(course, plot),
        *_medicines(course, plot),
    ]
    labels, height = f"{name}-title {name}-desc", 354 if _takes_pills(course) else 326
    return drawing(width=width, height=height, class_=f"chart {name}", parts=parts, aria_labelledby=labels)


def describe(course: Course) -> str:
    """The chart in a sentence or three, for those who cannot see it."""
    said = []
    if course.baseline is not None:
        said.append(gettext("Before the procedure %(pain)s.", pain=course.baseline))
    said.append(f"{_spoken_scores(course, -10_000).capitalize()}.")
    above = [str(point.day) for point in course.points if course.is_above(point)]
    if above:
        said.append(gettext("Above the expected range on day %(days)s.", days=", ".join(above)))
    expected = course.expected(course.today)
    if expected:
        low, high = (f"{edge:.0f}" for edge in expected)
        said.append(gettext("Expected on day %(day)s: %(low)s to %(high)s.", day=course.today, low=low, high=high))
    return " ".join(said)


def _spoken_scores(course: Course, first: int) -> str:
    shown = [point for point in course.points if point.day >= first]
    if not shown:
        return gettext("no answers")
    return ", ".join(f"{gettext('day %(day)s', day=p.day)} {_spoken(p)}" for p in shown)


def _spoken(point: CoursePoint) -> str:
    if point.is_missed:
        return gettext("no reply")
    return gettext("no score") if point.pain is None else str(point.pain)


def _band(course: Course, plot: Plot, every: int = 1) -> Iterator[Svg]:
    start, end = (
        bisect_left(course.band, edge, key=lambda known: known.day) for edge in (plot.first_day, plot.last_day)
    )
    shown = list(course.band[start:end:every])
    for edge in (plot.first_day, plot.last_day):
        expected = course.expected(edge)
        if expected is not None:
            shown.insert(0 if edge == plot.first_day else len(shown), BandDay(edge, *expected))
    if len(shown) < 2:
        return
    upper = [(plot.x(day.day), plot.y(day.high)) for day in shown]
    lower = [(plot.x(day.day), plot.y(day.low)) for day in shown]
    yield area(upper + lower[::-1], "band")
    yield lines((upper, lower), "band-edge")


def _runs(course: Course, plot: Plot) -> Iterator[Svg]:
    runs = [[(plot.x(p.day), plot.y(p.pain or 0)) for p in run] for run in course.runs(plot.first_day)]
    joined = [run for run in runs if len(run) > 1]
    if joined:
        yield lines(joined, "pain")
    for run in runs:
        if len(run) == 1:
            yield element("circle", cx=run[0][0], cy=run[0][1], r=1.8, class_="alone")


def _mark(course: Course, point: CoursePoint, plot: Plot, size: float) -> Svg:
    x, y = plot.x(point.day), plot.y(point.pain or 0)
    if course.is_above(point):
        tip, base = y - size * 1.4, y + size
        return area([(x, tip), (x + size * 1.3, base), (x - size * 1.3, base)], "above")
    return element("circle", cx=x, cy=y, r=size, class_="point")


def _scale(plot: Plot, narrow: bool) -> Iterator[Svg]:
    yield text(0, 14, gettext("Pain, 0–10"), "label")
    for pain in range(0, 11, 2):
        yield line((plot.left, plot.y(pain)), (plot.right, plot.y(pain)), "grid")
        yield text(plot.left - 8, plot.y(pain) + 4, str(pain), "tick", "end")
    yield text(0, 238, gettext("Activity"), "label")
    yield text(plot.left - 8, 262, gettext("usual"), "tick", "end")
    yield text(plot.left - 8, 300, gettext("bed") if narrow else gettext("in bed"), "tick", "end")
    yield line((plot.left, 302), (plot.right, 302), "grid")


def _procedure(plot: Plot) -> Iterator[Svg]:
    yield line((plot.x(0), 22), (plot.x(0), plot.bottom), "procedure")
    yield text(max(plot.x(0) + 5, 78), 14, gettext("procedure"), "note")


def _threshold(course: Course, plot: Plot) -> Iterator[Svg]:
    if course.threshold is None:
        return
    y = plot.y(course.threshold)
    yield line((plot.left, y), (plot.right, y), "threshold")
    yield text(plot.right, y - 5, course.threshold_label or str(course.threshold), "note halo", "end")


def _gap_boxes(course: Course, plot: Plot) -> Iterator[Svg]:
    half = plot.day_width * 0.34
    for number, (start, end) in enumerate(course.gaps(plot.first_day)):
        left, right = plot.x(start) - half, plot.x(end) + half
        yield element("rect", x=left, y=plot.top, width=right - left, height=plot.bottom - plot.top, class_="gap")
        if number == 0 or right - left > 52:
            yield text((left + right) / 2, plot.bottom - 5, gettext("no reply"), "note halo", "middle")


def _pain(course: Course, plot: Plot) -> Iterator[Svg]:
    size = 4.6 if plot.day_width > 12 else 2.4
    if course.baseline is not None and not any(point.day < 0 for point in course.points):
        before = CoursePoint(-1, course.baseline)
        follows = [p for p in course.points if p.day == 0 and p.pain is not None]
        if follows:
            yield lines([[(plot.x(p.day), plot.y(p.pain or 0)) for p in (before, *follows)]], "pain")
        yield _mark(course, before, plot, size)
        yield from _score(before, plot, plot.x(0) - 4 if plot.day_width < 12 else None)
    yield from _runs(course, plot)
    for point in course.answered:
        if size > 3 or course.is_above(point) or point == course.last:
            yield _mark(course, point, plot, size)
        if point == course.last or (size > 3 and course.is_above(point)):
            yield from _score(point, plot)


def _score(point: CoursePoint, plot: Plot, ends_at: float | None = None) -> Iterator[Svg]:
    """A score above its point; one that would run into a line ends before it."""
    x, anchor = (plot.x(point.day), "middle") if ends_at is None else (ends_at, "end")
    yield text(x, plot.y(point.pain or 0) - 10, str(point.pain), "score halo", anchor)


def _flags(course: Course, plot: Plot) -> Iterator[Svg]:
    worst_of_day = {flag.day: flag for flag in sorted(course.flags, key=lambda flag: -_GROUPS.index(flag.group))}
    for flag in worst_of_day.values():
        if not course.first_day <= flag.day <= plot.last_day:
            continue
        mark = element("use", href=f"#tier-{flag.group}", x=plot.x(flag.day) - 8, y=20, width=16, height=16)
        title = element("title", words(f"{flag.group.word}, {gettext('day %(day)s', day=flag.day)}: {flag.why}"))
        yield element("g", Svg(title + mark), class_=flag.group.value)


def _activity(course: Course, plot: Plot) -> Iterator[Svg]:
    width = max(1.5, min(24.0, plot.day_width * 0.6))
    for point in course.points:
        if point.activity in ACTIVITY_RANK:
            height = 8 + 9 * ACTIVITY_RANK[point.activity]
            x = plot.x(point.day) - width / 2
            yield element("rect", x=x, y=302 - height, width=width, height=height, class_="bar-day")


def _takes_pills(course: Course) -> bool:
    return any(point.pills is not None for point in course.points)


def _medicines(course: Course, plot: Plot) -> Iterator[Svg]:
    """The pills of each day as numbers, as many as have room, the latest first."""
    if not _takes_pills(course):
        return
    yield text(0, 347, gettext("Pills"), "label")
    last = plot.right + 30.0
    for point in reversed(course.points):
        if point.pills is not None and last - plot.x(point.day) >= 18 and plot.x(point.day) > plot.left:
            last = plot.x(point.day)
            yield text(last, 347, str(point.pills), "tick", "middle")


def _day_labels(course: Course, plot: Plot) -> Iterator[Svg]:
    wanted = [(course.today, gettext("today"), "tick now"), (0, "0", "tick")]
    if course.first_day < 0:
        wanted.append((course.first_day, gettext("before"), "tick"))
    step = next(step for step in (1, 2, 7, 14, 28, 56, 112, 364) if step * plot.day_width >= 34 or step == 364)
    wanted.extend((day, str(day), "tick") for day in range(step, int(plot.last_day) + 1, step))
    placed: list[float] = []
    for day, word, class_ in wanted:
        if all(abs(plot.x(day) - other) >= 30 for other in placed):
            placed.append(plot.x(day))
            yield text(plot.x(day), 320, word, class_, "middle")
