"""The questionnaires in a browser without scripts: light, dark and narrow, by axe and by thumb."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from recovery_api.services.text_check_in_link import make_link
from tests.browser.demo import AXE, LOOK, PICTURES, RULES, overflow
from tests.builders import ClockHand, make_clinic, make_patient

pytestmark = pytest.mark.browser
THUMB = 48  # px
MONTH = 25  # days from the fifth to the 30th
PRESSED = "main button, main .button, main label:not(.field), main .call, footer .call"
SMALLEST = """(what) => Math.min(...[...document.querySelectorAll(what)]
    .map((one) => one.getBoundingClientRect().height))"""
LOOKS = (("light", 390, "en", "+12125550141"), ("dark", 320, "es", "+12125550142"))


def look(page: Page, looker: Page, name: str) -> list[str]:
    """What axe, a narrow window and a thumb find wrong with a page.

    Scripts are off on the page itself, as they may be on a phone: axe looks at a twin of it.
    """
    looker.goto(page.url)
    looker.evaluate(AXE.read_text(encoding="utf-8"))
    found = [f"{name}: {one}" for one in looker.evaluate(LOOK, RULES)]
    least = looker.evaluate(SMALLEST, PRESSED)
    if least < THUMB:
        found.append(f"{name}: something to press is {least} px high")
    return found + ([f"{name}: is too wide"] if overflow(looker) else [])


def pair(browser: Browser, scheme: str, width: int) -> tuple[BrowserContext, Page, Page]:
    """A page without scripts, and a twin of it that axe may look at."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
    blind = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 844}, java_script_enabled=False
    )
    return context, blind.new_page(), context.new_page()


@pytest.mark.soak
def test_a_patient_fills_in_a_form_without_scripts(
    browser: Browser,
    address: str,
    app: Flask,
    clock: ClockHand,
    samples: Callable[[int, int], int],
    pytestconfig: pytest.Config,
) -> None:
    found: list[str] = []
    clinic = make_clinic(app)
    patients = [make_patient(clinic, phone=phone) for *_, phone in LOOKS]
    clock.forward(days=MONTH)
    for (scheme, width, language, _), ann in zip(LOOKS[: samples(1, 2)], patients, strict=False):
        with ann.clinic.open() as scope:
            link = make_link(scope, ann.id, ann.episode_id, language, address, clock.now, "form")
        context, page, looker = pair(browser, scheme, width)
        for name in walk(page, link):
            context.add_cookies(page.context.cookies())
            if pytestconfig.getoption("--long"):
                page.screenshot(path=PICTURES / f"{name}-{scheme}.png", full_page=True)
            found += look(page, looker, f"{name} {scheme}")
        page.context.close()
        context.close()
    assert found == []


def walk(page: Page, link: str) -> Iterator[str]:
    """Fill the whole form in, and stop at the screens that differ."""
    page.goto(link)
    page.fill("#year", "1948")
    page.locator("button.main").click()
    yield "form-back"
    while page.locator("input[type=checkbox]").count():
        page.locator("label").first.click()
        page.locator("button.main").click()
    yield "form-mood"
    for _ in range(2):
        page.locator("button[value='2']").click()
    yield "form-safety"
    page.locator("button[value='no']").click()
    yield "form-done"
