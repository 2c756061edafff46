"""Every page from made-up values: what it says, what its forms send, and that no text becomes markup."""

import gzip
import hashlib
import re
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any

import pytest

from recovery_api.clinic.courses import CoursePoint
from recovery_api.clinic.frame import Waiting
from recovery_api.clinic.patient_page import Composer
from recovery_api.clinic.problem_page import ProblemPage
from recovery_api.domain.tiers import Tier
from tests.clinic.made_up_pages import (
    EVERY_PAGE,
    NOW,
    a_course,
    a_flag,
    a_frame,
    a_patient,
    a_phone,
    a_row,
    a_worklist,
)
from tests.clinic.page_reader import page_maker, shown
from tests.clinic.test_tokens import CLINIC

PACKAGE = CLINIC.parents[2]
HOSTILE = (
    """</title></script></textarea><x-evil onclick="alert(1)">"'` onmouseover="alert(1)" x='""",
    "<script>alert(1)</script>",
    "\u202e\u2066\u200fdrowssap\u2069 %s {{ 7 * 7 }} {% raw %} &lt;b&gt;",
    "\U0001f9d1\u200d\u2695\ufe0f" * 400,
    "a" * 1600,
)
NOT_TEXT = {"status", "direction", "show", "network", "activity"}


def poisoned(value: Any, text: str, name: str = "") -> Any:
    """The same page with a hostile text wherever it shows a text."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value if name in NOT_TEXT or not value else text
    if isinstance(value, tuple):
        return tuple(poisoned(one, text, name) for one in value)
    if isinstance(value, dict):
        return {key: poisoned(one, text) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changes = {one.name: poisoned(getattr(value, one.name), text, one.name) for one in fields(value) if one.init}
        return replace(value, **changes)
    return value


@pytest.mark.parametrize("template", EVERY_PAGE)
def test_every_page_renders_and_carries_neither_inline_script_nor_style(template: str) -> None:
    page = shown(template, EVERY_PAGE[template])

    assert page.text
    assert not page.of("style")
    assert all(script.get("src", "").startswith(("/static/", "/demo/static/")) for script in page.of("script"))
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name == "style" or name.startswith(("on", "hx-on"))}


@pytest.mark.parametrize("template", EVERY_PAGE)
def test_every_posting_form_carries_the_form_token(template: str) -> None:
    page = shown(template, EVERY_PAGE[template])

    posting = [form for form in page.forms if form.method == "post"]
    assert posting or template in (
        "clinic/worklist_handover.html",
        "clinic/patient_print.html",
        "clinic/_worklist_rows.html",
        "simulator/_phone.html",
    )
    assert all(form.fields.get("csrf") == "form-token" for form in posting)
    assert all(form.action.startswith("/") for form in page.forms)


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "script", "right-to-left", "emoji", "long"])
@pytest.mark.parametrize("template", EVERY_PAGE)
def test_a_hostile_text_stays_a_text_wherever_it_is_shown(template: str, text: str) -> None:
    page = shown(template, poisoned(EVERY_PAGE[template], text))

    assert "x-evil" not in {tag for tag, _ in page.tags}
    assert all(script.get("src", "").startswith("/") for script in page.of("script"))
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert " ".join(text.split()) in page.text


def test_the_words_of_a_patient_are_kept_apart_from_the_direction_of_the_page() -> None:
    page = shown("clinic/patient.html", a_patient())

    quoted = [attributes for tag, attributes in page.tags if tag in ("q", "textarea")]
    assert quoted
    assert all(attributes.get("dir") == "auto" for attributes in quoted)


def test_the_heading_is_the_state_of_the_clinic() -> None:
    rows = [a_row(1, tier=Tier.EMERGENCY), a_row(2), a_row(3, tier=Tier.REVIEW, family="silence")]

    page = shown("clinic/worklist.html", a_worklist(*rows))

    assert "3 patients need someone" in page.text
    assert "1 emergency, 1 urgent, 1 silent. The other 57 of 60 are on track." in page.text


def test_groups_stand_in_the_order_of_urgency_and_silence_has_its_own() -> None:
    rows = [
        a_row(1, tier=Tier.REVIEW, family="non_recovery"),
        a_row(2, tier=Tier.TODAY, family="silence"),
        a_row(3, tier=Tier.TODAY, family="worsening"),
        a_row(4, tier=Tier.EMERGENCY),
        a_row(5, tier=Tier.URGENT, family="silence"),
    ]

    page = shown("clinic/_worklist_rows.html", a_worklist(*rows))

    assert [body["id"] for body in page.of("tbody")] == [
        f"group-{name}" for name in ("emergency", "urgent", "today", "silent", "review")
    ]
    assert [row["id"] for row in page.of("tr") if row.get("class") == "row"] == [
        f"row-flag-{n}" for n in (4, 5, 3, 2, 1)
    ]


def test_an_open_flag_is_acknowledged_with_its_version() -> None:
    form = shown("clinic/worklist.html", a_worklist(a_row(), show="mine")).posting("/flags/flag-1/acknowledge")

    assert form.fields == {"csrf": "form-token", "version": "3", "back": "worklist", "show": "mine"}


def test_an_acknowledged_flag_offers_to_be_resolved_and_names_its_owner() -> None:
    page = shown("clinic/worklist.html", a_worklist(a_row(status="acknowledged", owner="M. Sample")))

    assert "/flags/flag-1/acknowledge" not in page.source
    assert "/flags/flag-1/resolve" in {link.get("href") for link in page.of("a")}
    assert "M. Sample" in page.text
    assert "acknowledged" in page.text


def test_a_resolved_flag_can_be_reopened() -> None:
    page = shown("clinic/worklist.html", a_worklist(a_row(status="resolved", outcome="Visit booked"), show="resolved"))

    assert page.posting("/flags/flag-1/reopen").fields["version"] == "3"
    assert "Visit booked" in page.text


def test_a_wait_over_its_target_says_so_until_somebody_took_it() -> None:
    late, taken = a_row(), a_row(status="acknowledged", owner="M. Sample")

    assert "1 h 28 over target" in shown("clinic/worklist.html", a_worklist(late)).text
    assert "over target" not in shown("clinic/worklist.html", a_worklist(taken)).text
    in_time = a_row(waiting=Waiting(88, 88))
    page = shown("clinic/worklist.html", a_worklist(in_time)).text
    assert "over target" not in page
    assert "1 h 28 of 1 h 28" in page


def test_a_silent_patient_shows_the_last_score_with_its_day_instead_of_a_change() -> None:
    row = a_row(family="silence", tier=Tier.TODAY, course=a_course(7, 5, 2, None, None, None))

    page = shown("clinic/_worklist_rows.html", a_worklist(row))

    assert "c-pain stale" in {cell.get("class") for cell in page.of("td")}
    assert "day 2" in page.text
    assert "down" not in page.text


def test_a_flag_without_a_patient_points_to_the_inbox() -> None:
    row = a_row(patient_id="", patient_name="Unknown sender", course=a_course())

    page = shown("clinic/_worklist_rows.html", a_worklist(row))

    assert "/patients/" not in page.source
    assert "/inbox" in {link["href"] for link in page.of("a") if link.get("class") == "name"}


@pytest.mark.parametrize(
    ("show", "total", "said"),
    [
        ("all", 60, "Nobody needs you now. 60 on track, last reply 09:04."),
        ("all", 0, "No patients yet."),
        ("mine", 60, "Nothing is yours."),
        ("unassigned", 60, "Everything open has an owner."),
        ("silent", 60, "Nobody is silent."),
        ("resolved", 60, "Nothing was resolved today yet."),
    ],
)
def test_an_empty_list_says_what_it_means(show: str, total: int, said: str) -> None:
    assert said in shown("clinic/worklist.html", a_worklist(show=show, total_patients=total)).text


def test_trouble_with_the_monitoring_is_said_above_the_list() -> None:
    page = shown("clinic/_worklist_rows.html", a_worklist(frame=a_frame(degraded="No text left since 08:40.")))

    assert page.text.startswith("No text left since 08:40.")


def test_what_was_done_and_what_was_refused_are_told_apart() -> None:
    page = shown("clinic/worklist.html", a_worklist(frame=a_frame(notice="Resolved.", warning="Nia was first.")))

    told = {(one["role"], one["class"]) for tag in ("p", "div") for one in page.of(tag) if one.get("role")}
    assert told >= {("alert", "wrong"), ("status", "notice")}
    assert "Nia was first. Resolved." in page.text


def test_the_rows_are_the_same_bytes_within_a_minute() -> None:
    later = a_frame(now=NOW + timedelta(seconds=40))

    first = shown("clinic/_worklist_rows.html", a_worklist(a_row())).source

    assert shown("clinic/_worklist_rows.html", a_worklist(a_row(), frame=later)).source == first
    next_minute = a_frame(now=NOW + timedelta(minutes=1))
    assert shown("clinic/_worklist_rows.html", a_worklist(a_row(), frame=next_minute)).source != first


def test_the_rows_carry_the_counts_that_stand_elsewhere_on_the_page() -> None:
    page = shown("clinic/_worklist_rows.html", a_worklist(a_row()))

    state = next(section for section in page.of("section") if section.get("id") == "worklist-now")
    assert state["data-title"] == "(1) Worklist · Recovery"
    assert (state["data-open"], state["data-inbox"]) == ("3", "2")


def test_the_list_asks_for_its_rows_every_fifteen_seconds() -> None:
    page = shown("clinic/worklist.html", a_worklist(a_row(), show="silent"))

    asking = next(one for one in page.of("div") if one.get("id") == "worklist")
    assert asking["data-hx-get"] == "/worklist/rows?show=silent"
    assert asking["data-hx-trigger"] == "every 15s"


def test_the_patient_page_tells_who_it_is_in_the_order_of_a_wristband() -> None:
    text = shown("clinic/patient.html", a_patient()).text

    assert "WHITFIELD, Margaret Born 12-Mar-1948 (78 y) Sex Female Record 440000 Phone +1 212 555 0100" in text


def test_the_patient_page_offers_what_can_be_done_with_a_flag() -> None:
    page = shown("clinic/patient.html", a_patient(flags=(a_flag(),)))

    assert page.posting("/flags/flag-1/acknowledge").fields["back"] == "patient"
    assert page.posting("/flags/flag-1/assign").fields.keys() == {"csrf", "version", "back", "assignee"}
    assert page.posting("/flags/flag-1/snooze").fields.keys() == {"csrf", "version", "back", "minutes", "reason"}
    assert "tel:+12125550100" in {link.get("href") for link in page.of("a")}


def test_a_flag_that_must_not_wait_cannot_be_snoozed() -> None:
    assert "/snooze" not in shown("clinic/patient.html", a_patient(flags=(a_flag(can_snooze=False),))).source


def test_a_patient_without_a_phone_cannot_be_called_from_the_page() -> None:
    assert "tel:" not in shown("clinic/patient.html", a_patient(phone="", contacts=())).source


def test_the_table_twin_holds_every_day_of_the_chart() -> None:
    course = a_course(7, None, 8)
    reported = replace(course, today=3, points=(*course.points, CoursePoint(3, None, note="weak legs")))

    text = shown("clinic/patient.html", a_patient(course=reported)).text

    assert "0 13-Nov-2026 7 5 to 8 Short walks" in text
    assert "1 14-Nov-2026 no reply" in text
    assert "2 15-Nov-2026 8 above" in text
    assert "3 no score 4 to 7 weak legs" in text


def test_a_text_can_be_written_unless_the_patient_takes_none() -> None:
    open_page = shown("clinic/patient.html", a_patient())
    assert open_page.posting("/patients/patient-1/messages").fields.keys() >= {"csrf", "body"}
    assert "We will call you" in open_page.text

    blocked = shown("clinic/patient.html", a_patient(composer=Composer("Margaret replied STOP: call instead.")))
    assert "/messages" not in blocked.source
    assert "Margaret replied STOP: call instead." in blocked.text


def test_resolving_asks_for_an_outcome_and_a_note_and_keeps_what_was_written() -> None:
    page = shown("clinic/resolve.html", EVERY_PAGE["clinic/resolve.html"])

    form = page.posting("/flags/flag-1/resolve")
    assert form.fields.keys() == {"csrf", "version", "back", "outcome", "note"}
    assert any("selected" in option and option["value"] == "advised" for option in page.of("option"))
    assert "Reached her daughter." in page.text
    assert page.text.count("Write a note.") == 2


def test_a_problem_is_told_with_and_without_somebody_signed_in() -> None:
    page = ProblemPage(404, "Not here", "Another clinic may have it.")

    outside, inside = (shown("clinic/problem.html", replace(page, frame=frame)) for frame in (None, a_frame()))

    assert "Sign out" not in outside.text
    assert "Sign out" in inside.text
    assert "Not here" in outside.text


def test_the_phone_page_has_its_levers_as_plain_forms() -> None:
    page = shown("simulator/phone.html", a_phone(network="landline"))

    sent = {form.action: set(form.fields) - {"csrf", "patient"} for form in page.forms if form.method == "post"}
    assert sent == {
        "/demo/phone/text": {"text"},
        "/demo/phone/clock": {"step"},
        "/demo/phone/network": {"network"},
        "/demo/phone/story": {"story"},
    }
    assert all(form.fields["patient"] == "patient-1" for form in page.forms if form.method == "post")
    chosen = [one["value"] for one in page.of("input") if "checked" in one]
    assert chosen == ["landline"]
    buttons = {(one["name"], one["value"]) for one in page.of("button") if "value" in one}
    assert {("step", "next"), ("step", "hour"), ("step", "day"), ("text", "N"), ("text", "STOP")} <= buttons


def test_the_parts_that_the_phone_page_asks_for_are_the_parts_it_has() -> None:
    def parts(template: str) -> set[str]:
        return {attributes["id"] for _, attributes in shown(template, a_phone()).tags if "data-part" in attributes}

    assert parts("simulator/_phone.html") == parts("simulator/phone.html") == {"bubbles", "came", "clock"}


def test_every_file_that_a_page_names_is_there() -> None:
    client = page_maker().test_client()
    named = set()
    for template, page in EVERY_PAGE.items():
        named |= set(re.findall(r'(?:href|src)="(/(?:demo/)?static/[^"]+)"', shown(template, page).source))

    answers = {}
    for path in named:
        with client.get(path) as answer:
            answers[path] = answer.status_code
    assert len(named) > 6
    assert answers == dict.fromkeys(named, 200)


def test_pages_stay_under_seventy_kilobytes_with_font_and_scripts() -> None:
    fonts_and_scripts = [
        CLINIC / name for name in ("clinic.css", "htmx-4.0.1.min.js", "worklist.js", "atkinson-hyperlegible-next.woff2")
    ]
    rows = [a_row(number) for number in range(12)]
    page = shown("clinic/worklist.html", a_worklist(*rows)).source

    sent = [page.encode(), *(path.read_bytes() for path in fonts_and_scripts)]

    assert sum(len(gzip.compress(part, 6)) for part in sent) < 70_000


def test_vendored_files_are_the_published_ones() -> None:
    found = {
        name: hashlib.sha256((CLINIC / name).read_bytes()).hexdigest()
        for name in ("htmx-4.0.1.min.js", "atkinson-hyperlegible-next.woff2")
    }

    assert found == {
        "htmx-4.0.1.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
        "atkinson-hyperlegible-next.woff2": "18b2a1a39a2fa298b0ba5390aca68462669826c90925656f1c1f6796e0e1bbaf",
    }


def test_no_template_switches_escaping_off() -> None:
    templates = [*PACKAGE.glob("clinic/templates/**/*.html"), *PACKAGE.glob("simulator/templates/**/*.html")]

    assert len(templates) > 12
    assert not [path.name for path in templates if re.search(r"\|\s*safe\b|autoescape|Markup", path.read_text())]
