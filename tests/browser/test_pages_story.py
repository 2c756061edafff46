"""Every page is for everybody: axe finds nothing, nothing scrolls sideways at 320 px, and what others wrote never runs.

One page in two, in one light, width and language by its place in the list; with `--long` every page in all of them.
"""

import itertools
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.demo import AXE, LOOK, RULES, overflow, sign_in
from tests.browser.places import LEAD, OPEN_PLACES

pytestmark = [pytest.mark.processes, pytest.mark.browser]

LIGHTS = tuple(itertools.product(("light", "dark"), (1440, 390), ("en", "es")))


@pytest.fixture
def lead(browser: Browser, demo: dict[str, Any]) -> Any:
    """The lead's window, in which a test may run axe."""
    context = browser.new_context(bypass_csp=True)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, LEAD)
    yield page
    context.close()


def test_every_page_is_for_everybody(lead: Page, demo: dict[str, Any], pytestconfig: pytest.Config) -> None:
    is_long, found = pytestconfig.getoption("--long"), {}
    axe = AXE.read_text(encoding="utf-8")
    places = list(OPEN_PLACES.items())[:: 1 if is_long else 2]
    for place, (name, visit) in enumerate(places):
        for light, width, language in LIGHTS if is_long else (LIGHTS[place % len(LIGHTS)],):
            lead.context.add_cookies([{"name": "language", "value": language, "url": demo["base_url"]}])
            lead.emulate_media(color_scheme=light)  # type: ignore[arg-type]
            lead.set_viewport_size({"width": width, "height": 900})
            visit(lead, demo)
            lead.evaluate(axe)
            found[name, light, width, language] = lead.evaluate(LOOK, RULES)
            if more := overflow(lead):
                found[name, "320", language] = f"{more} px too wide"
    assert {place: said for place, said in found.items() if said} == {}
