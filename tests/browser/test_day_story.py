"""A nurse's Monday: the list by keyboard, texts that nobody can read."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Keep
from tests.browser.demo import calm_patients, play, sign_in, text

pytestmark = [pytest.mark.processes, pytest.mark.browser]


def skip_to(page: Page, selector: str) -> None:
    """Pass the page's head by its first link, then press Tab until an element has the focus."""
    page.wait_for_load_state()  # until then the browser may look for a fragment again, and move the focus there
    tab_to(page, "a.skip", most=1)
    page.keyboard.press("Enter")
    tab_to(page, selector)


def tab_to(page: Page, selector: str, most: int = 20) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def test_on_monday_morning_the_worst_three_of_eleven_are_closed_by_keyboard_alone(
    page: Page, demo: dict[str, Any], picture: Keep
) -> None:
    sign_in(page, demo)
    expect(page.locator("h1")).to_have_text("11 patients need someone")
    expect(page.locator("main")).to_contain_text("The other 49 of 60 are on track.")
    tiers = page.locator("#worklist .row .tier").all_inner_texts()
    assert tiers == sorted(tiers, key=["Emergency", "Urgent", "Today", "Silent", "Review"].index)
    picture(page, "monday")
    skip_to(page, "#worklist .row:has([data-key=a]) a.name")
    for closed in range(3):
        name = page.evaluate("document.activeElement.innerText")
        page.keyboard.press("a")
        expect(page.get_by_text("You own this flag now.")).to_be_visible()
        expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
        page.keyboard.press("r")
        page.wait_for_url(re.compile("/resolve"))
        skip_to(page, "#outcome")
        page.keyboard.type("Called")
        page.keyboard.press("Tab")
        page.keyboard.type("Rang. A bad night, better now; knows whom to call.")
        tab_to(page, "main button.main")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/note$"))
        tab_to(page, "header nav a[href='/worklist']")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(f"{10 - closed} patients need someone")
        expect(page.locator("#worklist")).not_to_contain_text(name)
        skip_to(page, "#worklist .row:has([data-key=a]) a.name")
    expect(page.locator("[data-live=count-resolved]")).to_have_text("4")


def test_a_reply_that_nobody_can_read_leaves_the_inbox_by_one_key(
    page: Page, demo: dict[str, Any], picture: Keep
) -> None:
    phone = page.context.new_page()
    name = calm_patients(phone, demo)[3]
    play(phone, demo, name)
    for words in ("the cat sat on the gazebo", "still on the gazebo"):  # the first is asked again
        text(phone, words)
    phone.close()
    sign_in(page, demo)
    page.goto(f"{demo['base_url']}/inbox")
    mail = page.locator("article.mail", has_text="still on the gazebo")
    before = page.locator("article.mail").count()
    expect(mail).to_contain_text(name)
    picture(page, "unreadable")
    mail.focus()
    page.keyboard.press("x")
    expect(mail).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_text("Decided: Read, nothing to do.")).to_be_visible()
    expect(page.locator("article.mail")).to_have_count(before - 1)
    page.goto(f"{demo['base_url']}/patients?q={name.replace(',', '')}")
    page.get_by_role("link", name=name).click()
    expect(page.locator("ol.thread")).to_contain_text("the cat sat on the gazebo")
