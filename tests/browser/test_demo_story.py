"""A newcomer's first ten minutes: answer as two patients on the phone page, then be the nurse who takes the flags."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Keep
from tests.browser.demo import calm_patients, look_again, play, rows_of, sign_in, text

pytestmark = [pytest.mark.processes, pytest.mark.browser]


def test_two_answers_on_the_phone_page_become_flags_that_the_nurse_acknowledges(
    page: Page, demo: dict[str, Any], picture: Keep
) -> None:
    page.goto(demo["phone"])
    first = page.locator("#patient option:checked").inner_text()
    for words in ("3", "3", "3"):
        text(page, words)
        page.get_by_role("button", name="+1 day").click()
    text(page, "8")
    text(page, "8")
    expect(page.locator("#came")).to_contain_text("Pain 8")
    picture(page, "phone")
    second = next(name for name in calm_patients(page, demo) if name != first)
    play(page, demo, second)
    text(page, "my legs feel weak since last night")
    expect(page.locator("#came")).to_contain_text("New leg weakness")
    expect(page.locator("#bubbles")).to_contain_text("Call 911 now")

    sign_in(page, demo)
    rows = page.locator("#worklist")
    for name in (first, second):
        expect(rows).to_contain_text(name)
    expect(rows).to_contain_text("my legs feel weak since last night")
    for name, reason in ((first, "Pain 8"), (second, "New leg weakness")):
        expect(rows.locator(".row").filter(has_text=name)).to_contain_text(reason)
    picture(page, "worklist")
    for name in (second, first):
        page.goto(demo["worklist"])
        page.get_by_role("button", name=f"Acknowledge {name}").click()
        expect(page.get_by_text("You own this flag now.")).to_be_visible()

    page.get_by_role("link", name=second).first.click()
    story = page.locator("main")
    expect(story).to_contain_text("acknowledged the flag")
    expect(story).to_contain_text("my legs feel weak since last night")
    expect(story).to_contain_text("The clinician on duty was paged")
    picture(page, "patient")


def test_a_flag_is_resolved_with_an_outcome_and_a_note(page: Page, demo: dict[str, Any], picture: Keep) -> None:
    sign_in(page, demo, who=1)
    row = page.locator("#worklist a[href^='/patients/']").first
    name = row.inner_text()
    row.click()
    page.get_by_role("link", name="Resolve…").first.click()
    picture(page, "resolve")
    page.select_option("#outcome", "sent_to_emergency")
    page.fill("#note", "Called at once, sent to the emergency department by ambulance.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Resolved.")).to_be_visible()
    page.goto(f"{demo['worklist']}?show=resolved")
    expect(page.locator("#worklist")).to_contain_text(name)


def test_the_pages_work_with_scripts_off(browser: Browser, demo: dict[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(demo["phone"])
    page.fill("#text", "my pain is only 2")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#bubbles li.from p").last).to_have_text("my pain is only 2", timeout=20_000)
    sign_in(page, demo, who=2)
    free = page.get_by_role("button", name=re.compile("^Acknowledge"))
    whose = page.locator("#worklist tr.row", has=free).first.locator("a.name").get_attribute("href")
    free.first.click()
    expect(page.get_by_text("You own this flag now.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: the flag calls again.")).to_be_visible()
    page.locator(f"#worklist a.name[href='{whose}']").click()
    page.get_by_role("button", name="Acknowledge").first.click()
    page.get_by_text("Assign or snooze").or_(page.get_by_text("Assign", exact=True)).first.click()
    expect(page.get_by_label("Give it to").first).to_be_visible()
    page.select_option("#template", index=1)
    page.get_by_role("button", name="Fill in and count").click()
    expect(page.locator("#cost")).to_contain_text(re.compile(r"1 text, [1-9]\d* of 160"))
    words = page.locator("#body").input_value()
    page.get_by_role("button", name="Send text").click()
    expect(page.locator("ol.thread .ours", has_text=words)).to_have_count(1)
    page.get_by_role("link", name="Resolve…").first.click()
    page.select_option("#outcome", "advised")
    page.fill("#note", "Rang: better with rest.")
    page.get_by_role("button", name="Resolve").click()
    assert "Rang: better with rest." in page.locator("#paragraph").input_value()
    page.goto(f"{demo['base_url']}/inbox")
    page.get_by_role("button", name="Not for us").first.click()
    expect(page.get_by_text("Decided: Not for us.")).to_be_visible()
    context.close()


def test_a_patient_answers_on_the_web_page_with_scripts_off(browser: Browser, demo: dict[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    context.set_default_timeout(20_000)
    page = context.new_page()

    def fits() -> None:
        box = page.locator("body").bounding_box()
        assert box is not None
        assert box["width"] <= 320
        smallest = min(one.bounding_box()["height"] for one in page.get_by_role("button").all())  # type: ignore[index]
        assert smallest >= 48

    page.goto(demo["check_in"])
    born = re.search(r"born in (\d{4})", page.content())
    assert born
    page.fill("#year", born[1])
    page.get_by_role("button", name="Start").click()
    fits()
    page.get_by_role("button", name="7", exact=True).click()
    page.get_by_role("button", name="Short walks").click()
    page.fill("input[name=said]", "2")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Español").click()
    page.get_by_role("button", name="Sí").click()
    fits()
    page.get_by_label("Piernas débiles").check()
    page.get_by_role("button", name="Avisar a mi equipo").click()
    expect(page.get_by_role("heading", name="Llame al 911 ahora")).to_be_visible()
    expect(page.locator("main a[href='tel:911']")).to_be_visible()
    context.close()


def test_a_flag_that_comes_while_the_pointer_hovers_moves_nothing(
    browser: Browser, page: Page, demo: dict[str, Any]
) -> None:
    sign_in(page, demo)
    page.locator("#worklist .row").first.hover()
    before = rows_of(page)
    phone = page.context.new_page()
    name = calm_patients(phone, demo)[-1]
    play(phone, demo, name)
    text(phone, "fever and chills, the spot is red")
    phone.close()
    look_again(page)
    fresh = page.locator("#fresh button")
    expect(fresh).to_have_text("1 new urgent: show")
    assert rows_of(page) == before
    expect(page.locator("h1")).to_contain_text(f"{len(before) + 1} patients need someone")
    page.locator("#worklist .row a.name").first.focus()
    page.keyboard.press("n")
    expect(page.locator("#worklist")).to_contain_text(name)
    assert set(before) < set(rows_of(page))
    context = browser.new_context()
    cut_off = context.new_page()
    sign_in(cut_off, demo)
    context.set_offline(True)
    for _ in range(2):
        look_again(cut_off)
        cut_off.wait_for_timeout(150)
    expect(cut_off.locator("#live")).to_contain_text("Not updating since")
    context.close()


def test_two_nurses_on_one_flag_and_the_second_is_told_who_was_first(
    browser: Browser, page: Page, demo: dict[str, Any]
) -> None:
    context = browser.new_context()
    second = context.new_page()
    sign_in(page, demo)
    sign_in(second, demo, who=1)
    row = page.locator("#worklist .row:has([data-key=a])").first.get_attribute("id")
    assert row
    for nurse in (page, second):
        nurse.locator(f"#{row} [data-key=a]").click()
    expect(page.get_by_text("You own this flag now.")).to_be_visible()
    expect(second.get_by_role("alert")).to_contain_text("was first, at")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: the flag calls again.")).to_be_visible()
    context.close()


def test_the_focus_stays_on_its_row_while_others_change_the_list(
    browser: Browser, page: Page, demo: dict[str, Any]
) -> None:
    context = browser.new_context()
    second = context.new_page()
    sign_in(page, demo)
    sign_in(second, demo, who=1)
    row = page.locator("#worklist .row:has([data-key=a]):has(+ .row [data-key=a])").first.get_attribute("id")
    name = page.locator(f"#{row} a.name")
    name.focus()
    page.evaluate("document.activeElement.blur()")  # as a browser does once it has looked for the fragment
    expect(name).to_be_focused()
    page.evaluate(
        "document.addEventListener('htmx:after:swap', () => { document.body.dataset.swaps += '.'; });"
        "document.body.dataset.swaps = ''"
    )
    second.locator(f"#{row} [data-key=a]").click()
    second.get_by_role("button", name="Undo").click()
    look_again(page)  # the same order, another version of the row
    expect(page.locator("body")).to_have_attribute("data-swaps", re.compile(r"^\.+$"))
    expect(name).to_be_focused()
    second.locator(f"#{row} [data-key=a]").click()
    before = rows_of(page)
    look_again(page)
    expect(page.locator("#fresh button")).to_have_text("New order: show")
    page.keyboard.press("n")
    expect(page.locator("#fresh button")).to_have_count(0)
    expect(page.locator(f"#{row}")).to_contain_text("acknowledged")
    assert rows_of(page) != before, "whoever is owned comes after whoever is not"
    expect(name).to_be_focused()
    page.evaluate(
        "(id) => { const row = document.getElementById(id); row.replaceWith(row.cloneNode(true)); }", row
    )  # what a merge may do that keeps no element
    page.evaluate("document.dispatchEvent(new Event('htmx:after:swap'))")
    expect(name).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(f"#{row} [data-key=r]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(name).to_be_focused()
    page.mouse.click(5, 500)
    expect(name).not_to_be_focused()
    context.close()


def test_the_keyboard_alone_takes_closes_and_charts_a_flag(page: Page, demo: dict[str, Any], picture: Keep) -> None:
    sign_in(page, demo)
    row = page.locator("#worklist .row:has([data-key=a])").first
    number = row.get_attribute("id")
    page.keyboard.press("a")
    expect(page).to_have_url(re.compile("/worklist$"))
    row.locator("a.name").focus()
    page.keyboard.press("a")
    expect(page.get_by_text("You own this flag now.")).to_be_visible()
    expect(page.locator(f"#{number} a.name")).to_be_focused()
    page.keyboard.press("r")
    page.wait_for_url(re.compile("/resolve"))
    page.locator("#outcome").focus()
    page.keyboard.type("Called")
    page.keyboard.press("Tab")
    page.keyboard.type("Rang at once: a bad night, better now.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/note$"))
    assert "Rang at once: a bad night, better now." in page.locator("#paragraph").input_value()
    picture(page, "note")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#copied")).to_have_text("Copied.")
    page.goto(demo["worklist"])
    lowest = page.locator("#worklist .row:has([data-key=a])").last
    name = lowest.locator("a.name").inner_text()
    lowest.locator("a.name").focus()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport()
    expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
    page.keyboard.press("u")
    expect(page.get_by_text("Taken back: the flag calls again.")).to_be_visible()


def test_drafts_fill_in_and_are_counted(page: Page, demo: dict[str, Any]) -> None:
    sign_in(page, demo)
    page.locator("#worklist a.name[href^='/patients/']").first.click()
    page.select_option("#template", index=1)
    expect(page.locator("#body")).not_to_have_value("")
    expect(page.locator("#cost")).to_contain_text(re.compile(r"1 text, [1-9]\d+ of 160"))
    page.fill("#body", "á" * 71)
    expect(page.locator("#cost")).to_have_text("2 texts, 71 characters")
