"""The charts of the reports: a picture for a page, one for a phone, and days that can be read under both."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from recovery_api.clinic.report_charts import cohort_charts, rate_charts
from recovery_api.services.report_recovery import CohortPoint
from recovery_api.services.report_replies import ReplyRate

REPLIES = [ReplyRate(str(date(2026, 10, 25) + timedelta(days=day)), 10, 9) for day in range(30)]
WINDOWS = [CohortPoint("everybody", day, 40, 8.0, 3.0, (1.0, 5.0)) for day in (1, 3, 7, 14, 30, 60, 90, 180)]
SPOKEN = re.compile(r'<text x="([\d.]+)"[^>]*>(\d+ (?:Oct|Nov))<')


@pytest.mark.parametrize("charts", [rate_charts(REPLIES, "Replies"), cohort_charts(WINDOWS)], ids=["days", "courses"])
def test_the_charts_of_the_reports_have_a_narrow_picture_for_phones(charts: str) -> None:
    assert re.findall(r'viewBox="0 0 (\d+) \d+" class="chart (\S+)"', charts) == [
        ("900", "chart-wide"), ("360", "chart-narrow"),
    ]  # fmt: skip
    for width, chart in zip((900, 360), charts.split("</svg>"), strict=False):
        assert all(0 <= float(x) <= width for x in re.findall(r'<text x="([\d.]+)"', chart))


def test_the_course_of_a_clinic_says_what_it_measures() -> None:
    charts = cohort_charts(WINDOWS)
    assert len(re.findall(r">Pain, 0–10<", charts)) == 2


def test_the_days_under_the_replies_are_named_as_often_as_there_is_room() -> None:
    wide, narrow = (SPOKEN.findall(chart) for chart in rate_charts(REPLIES, "Replies").split("</svg>")[:2])
    assert (wide[0][1], narrow[0][1]) == ("25 Oct", "25 Oct")
    assert len(wide) >= 10
    assert len(narrow) >= 4
    for shown in (wide, narrow):
        assert all(float(later) - float(earlier) >= 45 for (earlier, _), (later, _) in pairwise(shown))
