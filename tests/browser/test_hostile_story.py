"""Names, replies and notes full of markup, marks that turn the writing, 1,600 emoji: text, with the CSP and without."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import calm_patients, look_again, play, sign_in

pytestmark = [pytest.mark.processes, pytest.mark.browser]

MARKUP = "<img src=x onerror='window.hit=1'><script>window.hit=1</script><b>7</b>"
TURNED = f"{MARKUP} \u202e\u2066drowssap\u200f\u2069 my legs feel weak"
NAME = '"><img src=x onerror=window.hit=1>'
EMOJI = "🦴" * 1600


def test_what_others_wrote_never_runs_with_the_csp_and_without(
    browser: Browser, page: Page, demo: dict[str, Any]
) -> None:
    name = calm_patients(page, demo)[6]
    play(page, demo, name)
    page.fill("#text", TURNED)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#came")).to_contain_text("leg weakness", timeout=20_000)
    page.fill("#text", EMOJI)
    page.get_by_role("button", name="Send", exact=True).click()
    sign_in(page, demo)
    row = page.locator("#worklist .row", has_text=name)
    expect(row).to_contain_text("my legs feel weak")
    flag, patient = str(row.get_attribute("id")).removeprefix("row-"), str(row.get_attribute("data-patient"))
    page.goto(f"{demo['base_url']}/flags/{flag}/resolve")
    page.select_option("#outcome", "advised")
    page.fill("#note", TURNED)
    page.get_by_role("button", name="Resolve").click()
    page.wait_for_url(re.compile("/note$"))
    assert "onerror" in page.locator("#paragraph").input_value()
    enrol(page, demo)
    paths = (
        f"/patients/{patient}", f"/patients/{patient}/print", f"/flags/{flag}/note", "/worklist?show=resolved",
        "/worklist/handover", "/inbox", "/patients?q=onerror", f"/patients?q={MARKUP}", "/clinic/rules", "/worklist",
    )  # fmt: skip
    for bypass in (False, True):
        context = browser.new_context(bypass_csp=bypass)
        nurse = context.new_page()
        sign_in(nurse, demo)
        seen = ""
        for path in paths:
            nurse.goto(f"{demo['base_url']}{path}")
            assert nurse.evaluate("window.hit") is None, path
            assert nurse.locator("img").count() == 0, path
            seen += nurse.locator("main").inner_text()
        look_again(nurse)
        assert nurse.evaluate("window.hit") is None
        assert MARKUP in seen
        assert NAME in seen
        assert "🦴" * 100 in seen
        context.close()


def enrol(page: Page, demo: dict[str, Any]) -> None:
    """A patient whose name is markup."""
    page.goto(f"{demo['base_url']}/enrol")
    for field, value in {
        "given_name": NAME,
        "family_name": NAME,
        "born_on": "12 Mar 1948",
        "phone": "2125550146",
    }.items():
        page.fill(f"#{field}", value)
    page.check("#when-open")
    page.check("#level-L1", force=True)
    page.check("#consent")
    page.get_by_role("button", name="Enrol", exact=True).click()
    expect(page.locator("h1")).to_contain_text("is enrolled")
