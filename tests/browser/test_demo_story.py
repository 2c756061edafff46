"""A newcomer's first ten minutes: answer as two patients on the phone page, then be the nurse who takes the flags."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.deployment import PROJECT, free_port, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.browser]

PICTURES = PROJECT / "build" / "screenshots"
AXE = PROJECT / "tests" / "data" / "axe" / "axe-4.14.1.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]}))
    .violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`)"""
HOSTILE = "<img src=x onerror='window.hit=1'><script>window.hit=1</script> \u202e<b>7</b>"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "--json", "--port", str(free_port())]
    env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DATABASE_ADMIN_URL")}
    env["RUN_DIR"] = str(folder)
    output = folder / "output"
    with output.open("wb") as stream:
        process = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=stream, stderr=stream)
    try:
        said = wait_for(lambda: _last_line(output), "the demo did not start", 120)
        yield json.loads(said)
    finally:
        process.terminate()
        assert process.wait(60) == 0, output.read_text()


def _last_line(output: Path) -> str:
    lines = [line for line in output.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return lines[-1] if lines else ""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield opened
    context.close()
    assert complaints == []


def play(page: Page, demo: dict[str, Any], name: str) -> None:
    """Open the phone of one patient."""
    page.goto(demo["phone"])
    page.select_option("#patient", label=name)
    expect(page.locator("#patient option:checked")).to_have_text(name)


def text(page: Page, words: str) -> None:
    """Answer on the phone, and wait for the clinic's answer to arrive."""
    bubbles = page.locator("#bubbles li.to")
    before = bubbles.count()
    page.fill("#text", words)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(bubbles).to_have_count(before + 1, timeout=20_000)


SIGNED_IN: dict[int, Any] = {}


def sign_in(page: Page, demo: dict[str, Any], who: int = 0) -> None:
    """Sign in with what the demo's own page shows; a code works once, so later stories take up the same session."""
    if who in SIGNED_IN:
        page.context.add_cookies(SIGNED_IN[who])
        page.goto(demo["worklist"])
        return
    page.goto(demo["worklist"])
    page.fill("#email", demo["staff"][who]["email"])
    page.fill("#password", demo["staff"][who]["password"])
    page.fill("#totp", page.locator("td.nums").nth(who).inner_text())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("/worklist$"))
    SIGNED_IN[who] = page.context.cookies()


def keep(page: Page, name: str) -> None:
    """Leave pictures for a person to look at: light, dark, phone and print."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=PICTURES / f"{name}-dark.png", full_page=True)
    page.emulate_media(color_scheme="light", media="print")
    page.screenshot(path=PICTURES / f"{name}-print.png", full_page=True)
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=PICTURES / f"{name}-phone.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1440, "height": 900})


def calm_patients(page: Page, demo: dict[str, Any]) -> list[str]:
    """Patients who answer in English and have no flag yet."""
    page.goto(demo["phone"])
    names = page.locator("#patient option").all_inner_texts()
    return [name for name in names if "⚑" not in name and "·" not in name]


def test_two_answers_on_the_phone_page_become_flags_that_the_nurse_acknowledges(
    page: Page, demo: dict[str, Any]
) -> None:
    page.goto(demo["phone"])
    first = page.locator("#patient option:checked").inner_text()
    for words in ("3", "3", "3"):
        text(page, words)
        page.get_by_role("button", name="+1 day").click()
    text(page, "8")
    text(page, "8")
    expect(page.locator("#came")).to_contain_text("8")
    keep(page, "phone")
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
    keep(page, "worklist")
    for name in (second, first):
        page.goto(demo["worklist"])
        page.get_by_role("button", name=f"Acknowledge {name}").click()
        expect(page.get_by_text("You own this flag now.")).to_be_visible()

    page.get_by_role("link", name=second).first.click()
    story = page.locator("main")
    expect(story).to_contain_text("acknowledged the flag")
    expect(story).to_contain_text("my legs feel weak since last night")
    expect(story).to_contain_text("The clinician on duty was paged")
    keep(page, "patient")


def test_a_flag_is_resolved_with_an_outcome_and_a_note(page: Page, demo: dict[str, Any]) -> None:
    sign_in(page, demo, who=1)
    row = page.locator("#worklist a[href^='/patients/']").first
    name = row.inner_text()
    row.click()
    page.get_by_role("link", name="Resolve…").first.click()
    keep(page, "resolve")
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
    page.fill("#text", "2")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#bubbles")).to_contain_text("2")
    sign_in(page, demo, who=2)
    page.get_by_role("button", name=re.compile("^Acknowledge")).first.click()
    expect(page.get_by_text("You own this flag now.")).to_be_visible()
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


def rows_of(page: Page) -> list[str]:
    """The worklist's rows in their order, by id."""
    return [str(row.get_attribute("id")) for row in page.locator("#worklist .row").all()]


def look_again(page: Page) -> None:
    """What the page does every fifteen seconds."""
    page.evaluate("htmx.trigger(document.getElementById('worklist'), 'every')")


def test_a_flag_that_comes_while_the_pointer_hovers_moves_nothing(
    browser: Browser, page: Page, demo: dict[str, Any]
) -> None:
    sign_in(page, demo)
    page.locator("#worklist .row").first.hover()
    before = rows_of(page)
    phone = browser.new_page()
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


def test_the_keyboard_alone_takes_closes_and_charts_a_flag(page: Page, demo: dict[str, Any]) -> None:
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
    keep(page, "note")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#copied")).to_have_text("Copied.")


def test_drafts_fill_in_and_are_counted_and_words_of_others_never_run(
    browser: Browser, page: Page, demo: dict[str, Any]
) -> None:
    page.goto(demo["phone"])
    name = page.locator("#patient option:checked").inner_text()
    text(page, HOSTILE)
    for bypass in (False, True):
        context = browser.new_context(bypass_csp=bypass)
        nurse = context.new_page()
        sign_in(nurse, demo)
        nurse.goto(f"{demo['base_url']}/patients?q={name.replace(',', '')}")
        nurse.get_by_role("link", name=name).click()
        expect(nurse.locator("ol.thread")).to_contain_text("onerror='window.hit=1'")
        nurse.goto(f"{demo['base_url']}/inbox")
        nurse.goto(demo["worklist"])
        look_again(nurse)
        assert nurse.evaluate("window.hit") is None
        context.close()
    sign_in(page, demo)
    page.locator("#worklist a.name[href^='/patients/']").first.click()
    page.select_option("#template", index=1)
    expect(page.locator("#body")).not_to_have_value("")
    expect(page.locator("#cost")).to_contain_text(re.compile(r"1 text, [1-9]\d+ of 160"))
    page.fill("#body", "á" * 71)
    expect(page.locator("#cost")).to_have_text("2 texts, 71 characters")


def test_every_page_is_for_everybody(browser: Browser, demo: dict[str, Any]) -> None:
    context = browser.new_context(bypass_csp=True, storage_state={"cookies": SIGNED_IN.get(2, []), "origins": []})
    page = context.new_page()
    sign_in(page, demo, who=2)
    patient = page.locator("#worklist a.name[href^='/patients/']").first.get_attribute("href")
    flag = str(page.locator("#worklist .row").first.get_attribute("id")).removeprefix("row-")
    paths = [
        "/worklist", "/worklist/handover", f"{patient}", f"{patient}/print", f"{patient}/check-ins/new", "/patients",
        f"/flags/{flag}/resolve", "/inbox", "/clinic", "/clinic/ladder", "/clinic/rota", "/clinic/protocol",
        "/clinic/reports", "/clinic/staff", "/clinic/audit",
    ]  # fmt: skip
    found = {}
    for path in paths:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")
        answer = page.goto(f"{demo['base_url']}{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found[path, "light"] = page.evaluate(LOOK, RULES)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 320, "height": 700})
        found[path, "dark and narrow"] = page.evaluate(LOOK, RULES)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()
    assert {place: said for place, said in found.items() if said} == {}
