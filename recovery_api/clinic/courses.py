"""A patient's course as the charts and the worklist show it: answers, gaps, expected range, change."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_, Group, activity_word

SPARK_DAYS = 14


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """One day on which a check-in was asked for or given; with pain, activity and note all empty there was no reply."""

    day: int
    pain: int | None
    on: date | None = None
    activity: str | None = None
    note: str = ""
    pills: int | None = None
    check_in_id: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether nothing at all came back."""
        return self.pain is None and not self.activity and not self.note and self.pills is None

    @property
    def activity_word(self) -> str:
        """The activity level in words, or nothing."""
        return activity_word(self.activity or "")


@dataclass(frozen=True, slots=True)
class BandDay:
    """The expected range of pain on one day."""

    day: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CourseFlag:
    """A flag as a mark above the chart."""

    day: int
    group: Group
    why: str


@dataclass(frozen=True, slots=True)
class Course:
    """What is drawn of one episode: points in order of day, with at most one a day."""

    today: int
    points: tuple[CoursePoint, ...] = ()
    band: tuple[BandDay, ...] = ()
    baseline: int | None = None
    threshold: int | None = None
    threshold_label: str = ""
    flags: tuple[CourseFlag, ...] = ()
    band_source: str = ""  # where the expected range comes from, and of how many patients

    @property
    def answered(self) -> tuple[CoursePoint, ...]:
        """The points that carry a pain score."""
        return tuple(point for point in self.points if point.pain is not None)

    @property
    def last(self) -> CoursePoint | None:
        """The latest answered point."""
        return next((point for point in reversed(self.points) if point.pain is not None), None)

    @property
    def first_day(self) -> int:
        """The first day drawn: the score before the procedure stands on day -1."""
        return min([-1 if self.baseline is not None else 0, *(point.day for point in self.points)])

    @property
    def is_stale(self) -> bool:
        """Whether a check-in went unanswered after the latest answer."""
        last = self.last
        return last is not None and any(p.is_missed and last.day < p.day <= self.today for p in self.points)

    @property
    def change(self) -> str:
        """The one change shown of a course: the latest answer against the one three days earlier, or the nearest."""
        answers = self.answered
        if not answers:
            return _("no recent answer") if self.today > SPARK_DAYS else _("no answer yet")
        last = answers[-1]
        if len(answers) == 1:
            return (
                _change(last.pain, self.baseline, _("from before")) if self.baseline is not None else _("first answer")
            )
        earlier = [point for point in answers[:-1] if point.day <= last.day - 3]
        reference = earlier[-1] if earlier else answers[0]
        return _change(last.pain, reference.pain, _("in %(days)s d", days=last.day - reference.day))

    @property
    def activity_word(self) -> str:
        """The latest activity level reported, in words."""
        return next((point.activity_word for point in reversed(self.points) if point.activity), "")

    def expected(self, day: float) -> tuple[float, float] | None:
        """The expected range on a day, between the band's days by a straight line; None outside the band."""
        after = bisect_right(self.band, day, key=lambda known: known.day)
        if after == 0 or (after == len(self.band) and self.band[-1].day < day):
            return None
        left, right = self.band[after - 1], self.band[min(after, len(self.band) - 1)]
        share = (day - left.day) / ((right.day - left.day) or 1)
        return left.low + share * (right.low - left.low), left.high + share * (right.high - left.high)

    def is_above(self, point: CoursePoint) -> bool:
        """Whether an answer lies above what is expected on its day."""
        expected = self.expected(point.day)
        return point.pain is not None and expected is not None and point.pain > expected[1]

    def runs(self, first_day: float) -> list[list[CoursePoint]]:
        """Answers from a day on, cut wherever a check-in got no reply."""
        return _stretches((point for point in self.points if point.day >= first_day), lambda p: p.pain is not None)

    def gaps(self, first_day: float) -> list[tuple[int, int]]:
        """First and last day of each stretch without a reply, from a day on."""
        missed = _stretches((point for point in self.points if point.day >= first_day), lambda p: p.is_missed)
        return [(gap[0].day, gap[-1].day) for gap in missed]


def _stretches(points: Iterable[CoursePoint], belongs: Callable[[CoursePoint], bool]) -> list[list[CoursePoint]]:
    return [list(stretch) for inside, stretch in groupby(points, belongs) if inside]


def _change(now: int | None, then: int | None, since: str) -> str:
    difference = (now or 0) - (then or 0)
    if difference == 0:
        return _("no change %(since)s", since=since)
    template = N_("up %(points)s %(since)s") if difference > 0 else N_("down %(points)s %(since)s")
    return _(template, points=abs(difference), since=since)
