"""The charts: what is drawn where, that gaps stay gaps, and that every picture is sound."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recovery_api.clinic.charts import describe, recovery_chart, sparkline
from recovery_api.clinic.courses import BandDay, Course, CourseFlag, CoursePoint
from recovery_api.clinic.svg import element
from recovery_api.clinic.words import ACTIVITY, Group
from tests.clinic.made_up_pages import BAND, MARGARET, a_course

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def drawn(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def of_class(picture: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in picture.iter() if name in one.get("class", "").split()]


def strokes(picture: ElementTree.Element, name: str) -> list[list[tuple[float, float]]]:
    """The separate lines of a class, as points."""
    found = []
    for one in of_class(picture, name):
        for stroke in one.get("d", "").split("M")[1:]:
            numbers = [float(number) for number in NUMBER.findall(stroke)]
            found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def texts(picture: ElementTree.Element) -> dict[str, tuple[float, float]]:
    return {one.text or "": (float(one.get("x", "")), float(one.get("y", ""))) for one in picture.iter("text")}


@pytest.mark.parametrize("draw", [sparkline, recovery_chart])
def test_a_day_without_a_reply_is_never_bridged_by_a_line(draw: Callable[[Course], str]) -> None:
    whole = strokes(drawn(draw(a_course(5, 5, 5, 5, 5, baseline=None))), "pain")
    broken = strokes(drawn(draw(a_course(5, 5, None, 5, 5, baseline=None))), "pain")

    assert [len(line) for line in whole] == [5]
    assert [len(line) for line in broken] == [2, 2]


def test_an_answer_between_two_gaps_is_a_dot() -> None:
    picture = drawn(sparkline(a_course(5, None, 4, None, 3, 3)))

    assert [len(line) for line in strokes(picture, "pain")] == [2]
    assert len(of_class(picture, "alone")) == 2


def test_days_without_a_reply_are_marked_and_named() -> None:
    chart = drawn(recovery_chart(a_course(5, None, None, 4, None, 3)))

    assert len(of_class(chart, "gap")) == 2
    assert "no reply" in texts(chart)
    assert [len(tick) for tick in strokes(drawn(sparkline(a_course(5, None, None, 4))), "missed")] == [2, 2]


def test_a_check_in_without_a_score_is_no_silence() -> None:
    course = a_course(5, 4)
    told = replace(course, today=2, points=(*course.points, CoursePoint(2, None, note="weak legs")))

    assert not of_class(drawn(recovery_chart(told)), "gap")
    assert not told.is_stale
    assert "day 2 no score" in describe(told)


def test_pain_is_always_drawn_on_the_whole_scale() -> None:
    low, high = (of_class(drawn(recovery_chart(a_course(pain, pain, baseline=None))), "pain")[0] for pain in (0, 10))

    assert {y for _, y in strokes(_wrapped(low), "pain")[0]} == {214}
    assert {y for _, y in strokes(_wrapped(high), "pain")[0]} == {44}


def _wrapped(one: ElementTree.Element) -> ElementTree.Element:
    parent = ElementTree.Element("svg")
    parent.append(one)
    return parent


def test_the_procedure_stands_on_day_nought_after_the_score_from_before() -> None:
    chart = drawn(recovery_chart(a_course(5, 4, baseline=8)))

    line = of_class(chart, "procedure")[0]
    before, first = of_class(chart, "point")[:2]
    assert line.get("x1") == line.get("x2") == first.get("cx")
    assert float(before.get("cx", "")) < float(line.get("x1", ""))
    assert "procedure" in texts(chart)


def test_scores_above_the_expected_range_are_triangles_with_their_number() -> None:
    chart = drawn(recovery_chart(MARGARET))

    assert len(of_class(chart, "above")) == 1
    assert "8" in [one.text for one in of_class(chart, "score")]
    assert "Above the expected range on day 9." in describe(MARGARET)


def test_the_score_from_before_never_runs_into_the_line_of_the_procedure() -> None:
    picture = drawn(recovery_chart(replace(a_course(*[3] * 115), baseline=10)))
    [line] = of_class(picture, "procedure")
    [label] = [one for one in picture.iter("text") if one.text == "10" and "score" in one.get("class", "")]
    assert (label.get("text-anchor"), float(label.get("x", "")) < float(line.get("x1", ""))) == ("end", True)


def test_the_threshold_is_labelled() -> None:
    assert "7: clinic review" in texts(drawn(recovery_chart(MARGARET)))
    assert not of_class(drawn(recovery_chart(replace(MARGARET, threshold=None))), "threshold")


def test_a_flag_stands_above_its_day_and_the_worst_hides_the_others() -> None:
    flags = (CourseFlag(9, Group.REVIEW, "slow"), CourseFlag(9, Group.URGENT, "jump"), CourseFlag(9, Group.TODAY, "up"))

    chart = drawn(recovery_chart(replace(MARGARET, flags=flags)))

    assert [one.get("href") for one in chart.iter("use")] == ["#tier-urgent"]
    assert chart.find("g/title").text == "Urgent, day 9: jump"


def test_more_activity_is_a_higher_bar() -> None:
    points = tuple(CoursePoint(day, 3, activity=level) for day, level in enumerate(ACTIVITY))

    bars = of_class(drawn(recovery_chart(Course(4, points))), "bar-day")

    heights = [float(bar.get("height", "")) for bar in bars]
    assert heights == sorted(heights)
    assert len(set(heights)) == len(ACTIVITY)


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("today", [0, 1, 3, 9, 13, 14, 30, 60, 200, 364])
def test_day_labels_never_touch_each_other(narrow: bool, today: int) -> None:
    chart = drawn(recovery_chart(Course(today, (CoursePoint(today, 3),), baseline=8), narrow=narrow))

    places = sorted(x for x, y in texts(chart).values() if y == 320)
    assert "today" in texts(chart)
    assert all(right - left >= 30 for left, right in pairwise(places))


def test_the_narrow_chart_has_its_own_small_picture() -> None:
    wide, narrow = drawn(recovery_chart(MARGARET)), drawn(recovery_chart(MARGARET, narrow=True))

    assert (wide.get("viewBox"), narrow.get("viewBox")) == ("0 0 720 326", "0 0 360 326")
    ids = [one.get("id") for picture in (wide, narrow) for one in picture.iter() if one.get("id")]
    assert len(ids) == len(set(ids)) == 4


def test_a_chart_is_told_in_words_too() -> None:
    chart = drawn(recovery_chart(a_course(7, None, 4)))

    spoken = {one.get("id"): one.text for one in chart.iter() if one.tag in ("title", "desc")}
    assert chart.get("aria-labelledby", "").split() == list(spoken)
    said = "Before the procedure 8. Day 0 7, day 1 no reply, day 2 4. Expected on day 2: 4 to 7."
    assert spoken["chart-wide-desc"] == said


def test_a_sparkline_speaks_its_fortnight_alone() -> None:
    course = a_course(*[3] * 20)

    label = drawn(sparkline(course)).get("aria-label", "")

    assert label.startswith("Pain over 14 days: day 6 3, ")
    assert label.endswith("day 19 3")


def test_hostile_labels_stay_text() -> None:
    hostile = """</text></svg><script>alert(1)</script>"' onload="x" ]]> & \u202e"""
    course = replace(MARGARET, threshold_label=hostile, flags=(CourseFlag(9, Group.TODAY, hostile),))

    chart = drawn(recovery_chart(course))

    assert not list(chart.iter("script"))
    assert hostile in texts(chart)
    assert not {name for one in chart.iter() for name in one.attrib if name.startswith("on")}


def test_hostile_attributes_stay_attributes() -> None:
    hostile = """"/><script>alert(1)</script> ' onload="x" &amp;"""

    one = drawn(element("g", aria_label=hostile))

    assert one.attrib == {"aria-label": hostile}
    assert not list(one)


points = st.dictionaries(
    st.integers(-30, 400),
    st.tuples(
        st.none() | st.integers(0, 10), st.none() | st.sampled_from([*ACTIVITY, "unheard_of"]), st.text(max_size=3)
    ),
    max_size=40,
)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    made = tuple(CoursePoint(day, pain, None, act, note) for day, (pain, act, note) in sorted(draw(points).items()))
    days = sorted(draw(st.sets(st.integers(0, 400), max_size=6)))
    band = tuple(BandDay(day, draw(st.floats(0, 5)), draw(st.floats(5, 10))) for day in days)
    return Course(
        draw(st.integers(0, 400)),
        made,
        band,
        draw(st.none() | st.integers(0, 10)),
        draw(st.none() | st.integers(0, 10)),
        "label",
        tuple(CourseFlag(day, Group.TODAY, "why") for day in draw(st.sets(st.integers(-40, 500), max_size=3))),
    )


@settings(max_examples=150)
@given(courses())
def test_every_course_gives_a_sound_picture_within_its_frame(course: Course) -> None:
    within = replace(course, points=tuple(point for point in course.points if point.day <= course.today))
    for picture, width in (
        (sparkline(within), 128),
        (recovery_chart(within), 720),
        (recovery_chart(within, narrow=True), 360),
    ):
        root = drawn(picture)
        for one in root.iter():
            assert "style" not in one.attrib
            for name in ("x", "x1", "x2", "cx"):
                assert -1 <= float(one.get(name, 0)) <= width + 1
            pairs = NUMBER.findall(one.get("points", "")) or NUMBER.findall(one.get("d", ""))
            assert all(-1 <= float(x) <= width + 1 for x in pairs[::2])
            assert all(-1 <= float(y) <= 330 for y in pairs[1::2])


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ((7, 5, 4, 4, 3, 3, None, 4, 5, 8), "up 5 in 4 d"),
        ((7, 7, 7, 7, 7), "no change in 3 d"),
        ((8, 6), "down 2 in 1 d"),
        ((5,), "down 3 from before"),
        ((None, None), "no answer yet"),
        ((None,) * 20, "no recent answer"),
    ],
)
def test_the_one_change_is_against_the_answer_three_days_earlier(scores: tuple[int | None, ...], said: str) -> None:
    assert a_course(*scores).change == said


def test_the_first_answer_has_nothing_to_change_from() -> None:
    assert a_course(5, baseline=None).change == "first answer"


def test_an_old_score_is_stale_once_a_question_went_unanswered() -> None:
    assert a_course(5, 4, None).is_stale
    assert not a_course(5, None, 4).is_stale
    assert not replace(a_course(5, 4), today=9).is_stale


@pytest.mark.parametrize(("day", "expected"), [(-1, None), (0, (5.0, 8.0)), (14, (0.8, 3.8)), (15, None)])
def test_nothing_is_expected_outside_the_band(day: int, expected: tuple[float, float] | None) -> None:
    found = a_course(5).expected(day)

    assert found == expected if expected is None else found == pytest.approx(expected)


def test_the_expected_range_lies_on_a_straight_line_between_its_days() -> None:
    course = Course(9, band=(BandDay(0, 4, 8), BandDay(10, 2, 4)))

    assert course.expected(5) == (3, 6)


def test_a_score_on_the_edge_of_the_band_is_not_above_it() -> None:
    course = Course(1, band=BAND)

    assert not course.is_above(CoursePoint(0, 8))
    assert course.is_above(CoursePoint(1, 8))
