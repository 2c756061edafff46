"""The demo as real processes with a Chromium before it: what the stories and the pictures share."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.deployment import PROJECT, free_port, wait_for

PICTURES = PROJECT / "build" / "screenshots"
AXE = PROJECT / "tests" / "data" / "axe" / "axe-4.14.1.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]}))
    .violations.map((one) => `${one.id}: ${one.nodes.length} of ${one.nodes[0].html.slice(0, 160)}`)"""
NOT_NEEDED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",  # a hidden page of the browser's own for every tab
    "SpareRendererForSitePerProcess",  # a process in reserve for every window
    # the list of Playwright, which this one replaces:
    "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose",
    "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch", "Translate",
)  # fmt: skip
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(NOT_NEEDED)}",
]
PAPER = 725  # px between the margins of a letter, upright
SIGNED_IN: dict[tuple[str, int], Any] = {}  # a code works once, so that later stories take up the same session


@contextmanager
def running_demo(folder: Path) -> Iterator[dict[str, Any]]:
    """`flask demo` with everything of its own in a folder; what it says of itself."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "--json", "--port", str(free_port())]
    env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DATABASE_ADMIN_URL")}
    env["RUN_DIR"] = str(folder)
    output = folder / "output"
    with output.open("wb") as stream:
        process = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=stream, stderr=stream)
    try:
        said = wait_for(lambda: _last_line(output), "the demo did not start", 120)
        yield {**json.loads(said), "run_dir": folder}
    finally:
        process.terminate()
        assert process.wait(60) == 0, output.read_text()


def _last_line(output: Path) -> str:
    lines = [line for line in output.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return lines[-1] if lines else ""


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; each story opens pages of its own in it."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield running
        running.close()


def sign_in(page: Page, demo: dict[str, Any], who: int = 0) -> None:
    """Sign in with what the demo's own page shows: 0 is the nurse, 1 the clinician, 2 the lead."""
    known = demo["base_url"], who
    if known in SIGNED_IN:
        page.context.add_cookies(SIGNED_IN[known])
    page.goto(demo["worklist"])
    if "/sign-in" not in page.url:
        return  # else nobody was signed in yet, or who proved it once more has another cookie since
    page.fill("#email", demo["staff"][who]["email"])
    page.fill("#password", demo["staff"][who]["password"])
    page.fill("#totp", page.locator("td.nums").nth(who).inner_text())
    page.locator("button.main").click()
    page.wait_for_url(re.compile("/worklist$"))
    SIGNED_IN[known] = page.context.cookies()


def play(page: Page, demo: dict[str, Any], name: str) -> None:
    """Open the phone of one patient."""
    page.goto(demo["phone"])
    option = page.locator("#patient option", has_text=name).first  # a mark may stand behind the name
    page.select_option("#patient", option.get_attribute("value"))
    expect(page.locator("#patient option:checked")).to_contain_text(name)


def text(page: Page, words: str) -> None:
    """Answer on the phone, and wait for the clinic's one answer to arrive."""
    bubbles = page.locator("#bubbles li.to")
    before = bubbles.count()
    page.fill("#text", words)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(bubbles).to_have_count(before + 1, timeout=20_000)


def calm_patients(page: Page, demo: dict[str, Any]) -> list[str]:
    """Patients who answer in English and have no flag yet; not whom another story enrolled, for whom nothing runs."""
    page.goto(demo["phone"])
    names = page.locator("#patient option").all_inner_texts()
    return [name for name in names if "⚑" not in name and "·" not in name and "<" not in name]


def enrol(page: Page, demo: dict[str, Any], given_name: str, phone: str) -> None:
    """Fill the form in as a nurse does, and send it; the demo's Monday is today or one of the next seven days."""
    page.goto(f"{demo['base_url']}/enrol")
    page.fill("#given_name", given_name)
    page.fill("#family_name", "Quaddlewick")
    page.fill("#born_on", "12 Mar 1948")
    page.fill("#phone", phone)
    page.fill("#procedure_on", (datetime.now(UTC) - timedelta(days=2)).date().isoformat())
    page.check("#level-L1", force=True)
    page.check("#consent")
    page.get_by_role("button", name="Enrol", exact=True).click()


def rows_of(page: Page) -> list[str]:
    """The worklist's rows in their order, by id."""
    return [str(row.get_attribute("id")) for row in page.locator("#worklist .row").all()]


def look_again(page: Page) -> None:
    """What the page does every fifteen seconds."""
    page.evaluate("htmx.trigger(document.getElementById('worklist'), 'every')")


def overflow(page: Page, width: int = 320) -> int:
    """How many pixels wider than a window of `width` the page is; 0 where nothing scrolls sideways."""
    page.set_viewport_size({"width": width, "height": 700})
    return max(0, int(page.evaluate("document.documentElement.scrollWidth")) - width)


def keep(page: Page, name: str, folder: Path = PICTURES) -> None:
    """Leave pictures for a person to look at: light, dark, print and a phone's."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=folder / f"{name}-dark.png", full_page=True)
    page.emulate_media(color_scheme="light", media="print")
    page.set_viewport_size({"width": PAPER, "height": 900})
    page.screenshot(path=folder / f"{name}-print.png", full_page=True)
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=folder / f"{name}-phone.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})
