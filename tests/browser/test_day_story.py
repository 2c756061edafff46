"""A nurse's Monday: the list by keyboard, texts that nobody can read, a shared phone, a patient enrolled and asked."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Keep
from tests.browser.demo import calm_patients, play, sign_in, text
from tests.deployment import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.browser]


def tab_to(page: Page, selector: str, most: int = 40) -> None:
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
    tab_to(page, "#worklist .row:has([data-key=a]) a.name")
    for closed in range(3):
        name = page.evaluate("document.activeElement.innerText")
        page.keyboard.press("a")
        expect(page.get_by_text("You own this flag now.")).to_be_visible()
        expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
        page.keyboard.press("r")
        page.wait_for_url(re.compile("/resolve"))
        tab_to(page, "#outcome")
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
        tab_to(page, "#worklist .row:has([data-key=a]) a.name")
    expect(page.locator("[data-live=count-resolved]")).to_have_text("4")


def test_a_reply_that_nobody_can_read_leaves_the_inbox_by_one_key(
    browser: Browser, page: Page, demo: dict[str, Any], picture: Keep
) -> None:
    phone = browser.new_page()
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


def enrol(page: Page, demo: dict[str, Any], given_name: str, phone: str) -> None:
    """Fill the form in as a nurse does, and send it."""
    page.goto(f"{demo['base_url']}/enrol")
    page.fill("#given_name", given_name)
    page.fill("#family_name", "Quaddlewick")
    page.fill("#born_on", "12 Mar 1948")
    page.fill("#phone", phone)
    page.fill("#procedure_on", "2026-11-20")
    page.check("#level-L1", force=True)
    page.check("#consent")
    page.get_by_role("button", name="Enrol", exact=True).click()


def test_a_patient_is_enrolled_joins_and_gets_the_first_text_on_the_phone_page(
    browser: Browser, page: Page, demo: dict[str, Any], picture: Keep
) -> None:
    sign_in(page, demo)
    enrol(page, demo, "Zwilbrynn", "212 555 0147")
    expect(page.locator("h1")).to_have_text("Quaddlewick, Zwilbrynn is enrolled")
    picture(page, "enrolled")
    phone = browser.new_page()
    play(phone, demo, "Quaddlewick, Zwilbrynn")
    thread = phone.locator("#bubbles")
    expect(thread).to_contain_text("Text START to join")
    text(phone, "START")
    expect(thread).to_contain_text("Nobody watches this line day and night.")
    phone.get_by_role("button", name="Next message due").click()
    expect(thread).to_contain_text("How bad is your back pain today, 0 to 10?")
    text(phone, "4")
    expect(thread).to_contain_text("Got 4. Wrong? FIX 7")
    picture(phone, "first-text")
    phone.close()
    page.goto(f"{demo['base_url']}/patients?q=Zwilbrynn")
    page.get_by_role("link", name="Quaddlewick, Zwilbrynn").click()
    expect(page.locator("ol.thread")).to_contain_text("Got 4. Wrong? FIX 7")


def test_a_text_from_a_shared_phone_is_nobodys_until_a_person_says_whose(
    browser: Browser, page: Page, demo: dict[str, Any], picture: Keep
) -> None:
    phone = browser.new_page()
    name = calm_patients(phone, demo)[5]
    sign_in(page, demo)
    page.goto(f"{demo['base_url']}/patients?q={name.replace(',', '')}")
    page.get_by_role("link", name=name).click()
    number = page.locator(".banner a[href^='tel:']").inner_text()
    enrol(page, demo, "Oswinna", number)
    expect(page.locator("#wrong")).to_contain_text("say that they share it")
    page.check("#shares_phone")
    page.get_by_role("button", name="Enrol", exact=True).click()
    expect(page.locator("h1")).to_have_text("Quaddlewick, Oswinna is enrolled")
    play(phone, demo, "Quaddlewick, Oswinna")
    text(phone, "OQ START")
    phone.fill("#text", "6")
    phone.get_by_role("button", name="Send", exact=True).click()
    mail = page.locator("article.mail", has_text="Who wrote it?")
    wait_for(lambda: page.goto(f"{demo['base_url']}/inbox") and mail.count(), "nobody is asked whose text it is")
    phone.close()
    picture(page, "shared")
    for who in (name, "Quaddlewick, Oswinna"):
        expect(mail.get_by_role("button", name=who)).to_be_visible()
    mail.focus()
    key = mail.get_by_role("button", name="Quaddlewick, Oswinna").get_attribute("data-key")
    page.keyboard.press(str(key))
    expect(page.get_by_text("The text is on the patient's page now, judged like every answer.")).to_be_visible()
    page.goto(f"{demo['base_url']}/patients?q=Oswinna")
    page.get_by_role("link", name="Quaddlewick, Oswinna").click()
    expect(page.locator("ol.thread .theirs").last).to_contain_text("6")
