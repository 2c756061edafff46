"""The worklist and its sheet between a phone and a desk: no column is squeezed, nothing cut; fields are one height."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

import recovery_api
from recovery_api.domain.tiers import Tier
from tests.clinic.made_up_pages import a_row, a_worklist
from tests.clinic.page_reader import shown

pytestmark = pytest.mark.browser
STYLES = Path(recovery_api.__file__).parent / "clinic/static/clinic/clinic.css"
WIDTHS = (320, 390, 640, 768, 1024, 1440)  # 640 is a desk at twice its size
SQUEEZED = """() => [...document.querySelectorAll(".list .row td")]
    .filter((cell) => cell.checkVisibility() && cell.innerText.trim().length > 3 && cell.clientWidth < 48)
    .map((cell) => cell.className)"""


def test_every_column_of_the_worklist_has_room_for_its_words_at_every_width(browser: Browser) -> None:
    rows = (a_row(), a_row(2, owner="Dr Marek Penderin", status="acknowledged"), a_row(3, tier=Tier.TODAY))
    context = browser.new_context(offline=True)
    window = context.new_page()
    window.set_content(shown("clinic/worklist.html", a_worklist(*rows)).source, wait_until="commit")
    window.add_style_tag(content=STYLES.read_text(encoding="utf-8"))
    squeezed = {}
    for width in WIDTHS:
        window.set_viewport_size({"width": width, "height": 800})
        squeezed[width] = window.evaluate(SQUEEZED)
    context.close()
    assert squeezed == {width: [] for width in WIDTHS}


def test_the_handover_sheet_stands_whole_on_a_phone(browser: Browser) -> None:
    rows = (a_row(), a_row(2, owner="Dr Marek Penderin", status="acknowledged"), a_row(3, tier=Tier.TODAY))
    context = browser.new_context(offline=True, viewport={"width": 320, "height": 800})
    window = context.new_page()
    window.set_content(shown("clinic/worklist_handover.html", a_worklist(*rows)).source, wait_until="commit")
    for styles in (STYLES, STYLES.with_name("sheet.css")):
        window.add_style_tag(content=styles.read_text(encoding="utf-8"))
    wide, seen = window.locator("main").evaluate("main => [main.scrollWidth, main.clientWidth]")
    names = window.locator(".sheet-list td:nth-child(4) b").all_inner_texts()
    context.close()
    assert wide <= seen
    assert len(names) == len(rows)


def test_what_stands_side_by_side_in_a_form_is_one_height(browser: Browser) -> None:
    fields = '<input type="date"><input type="time"><input><select><option>a</option></select><button>Show</button>'
    context = browser.new_context(offline=True, viewport={"width": 1440, "height": 800})
    window = context.new_page()
    window.set_content(f"<!doctype html><body>{fields}</body>", wait_until="commit")
    window.add_style_tag(content=STYLES.read_text(encoding="utf-8"))
    heights = window.evaluate("[...document.body.children].map((one) => one.getBoundingClientRect().height)")
    context.close()
    assert len(heights) == 5
    assert max(heights) - min(heights) < 1, heights
