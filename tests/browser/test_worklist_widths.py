"""The worklist between a phone and a desk: no column is squeezed to a letter a line."""

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
