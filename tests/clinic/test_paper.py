"""What is printed is read on another day by somebody else: whose page it is, of which day, what the chart shows."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from recovery_api.clinic.patient_page import ThreadMessage
from tests.clinic.made_up_pages import EVERY_PAGE, NOW, a_frame, a_patient
from tests.clinic.page_reader import shown

STAMP = '<p class="on-paper"><bdi>Spine clinic</bdi> · 22-Nov-2026, 09:10 · <bdi>Nia Example, RN</bdi></p>'
WRITTEN_ABOUT = ("clinic/check_in.html", "clinic/resolve.html")
WHOLE_DAY = re.compile(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d")


@pytest.mark.parametrize("template", ["clinic/patient.html", "clinic/inbox.html", "clinic/check_in.html"])
def test_a_page_that_is_printed_names_the_clinic_the_day_and_who_printed_it(template: str) -> None:
    assert STAMP in shown(template, EVERY_PAGE[template]).source


def test_the_list_that_renews_itself_is_printed_with_the_hour_of_its_rows() -> None:
    page = shown("clinic/worklist.html", EVERY_PAGE["clinic/worklist.html"])
    assert STAMP.replace(", 09:10", "") in page.source
    assert "Checked 09:10" in page.text


def test_every_moment_on_a_patients_paper_has_its_whole_day() -> None:
    soon = replace(a_patient().plan[0], due_at=NOW + timedelta(minutes=5))
    page = shown("clinic/patient_print.html", a_patient(plan=(soon,))).source
    moments = re.findall(r"<time [^>]*>([^<]*)", page)
    assert len(moments) > 2
    assert [one for one in moments if not WHOLE_DAY.fullmatch(one)] == []
    assert "Pain question 22-Nov-2026 09:15" in page


def test_the_chart_on_paper_is_explained_and_has_a_narrow_twin() -> None:
    page = shown("clinic/patient_print.html", a_patient())
    assert 'class="legend"' in page.source
    assert "above expected" in page.text
    assert {"chart-wide", "chart-narrow"} <= {name for one in page.of("svg") for name in one["class"].split()}


def test_the_name_of_the_clinic_stands_once_before_its_texts() -> None:
    asked = ThreadMessage("out", "Clinic: How bad is your back pain?", NOW, "Clinic", "delivered", language="en")
    page = shown("clinic/patient_print.html", a_patient(thread=(asked,))).text
    assert re.sub(r"\s+", " ", page).count("Clinic : How bad") + page.count("Clinic: How bad") == 1
    assert "Clinic: Clinic" not in re.sub(r" (?=:)", "", page)


@pytest.mark.parametrize("template", WRITTEN_ABOUT)
def test_a_form_about_a_patient_says_whose_it_is(template: str) -> None:
    page = replace(EVERY_PAGE[template], born_on=date(1948, 3, 12))
    assert "Whitfield, Margaret , born 12-Mar-1948" in shown(template, page).text


def test_today_is_said_in_the_care_plan() -> None:
    frame = a_frame()
    assert frame.is_today(NOW)
    assert not frame.is_today(NOW + timedelta(days=1))
    soon = replace(a_patient().plan[0], due_at=NOW + timedelta(hours=1))
    assert "Pain question today 10:10" in shown("clinic/patient.html", a_patient(plan=(soon,))).text
