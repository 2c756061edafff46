"""`python -m tests.browser.pictures [NAME ...]`: every page as a nurse may meet it, looked at by axe, kept as PNG."""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.browser.demo import AXE, LOOK, PICTURES, RULES, chromium, keep, overflow, running_demo, sign_in
from tests.browser.places import DEEDS, DOORS, EMPTY, LAST, LEAD, OPEN_PLACES, Demo, Visit

PAGES = PICTURES / "pages"
BLIND = ("deuteranopia", "protanopia", "tritanopia", "achromatopsia")
SEEN_BY_ALL = ("worklist", "patient")
ONCE = (*DEEDS, *LAST, "set-up", "set-up-done")


def main(wanted: Iterable[str]) -> int:
    """Take the pictures; 1 where axe or a narrow window found something."""
    wanted = set(wanted)
    found: list[str] = []
    rooms: tuple[tuple[dict[str, Visit], int | None], ...] = (
        (DOORS, None), (OPEN_PLACES, LEAD), (DEEDS, LEAD), (EMPTY, None), (LAST, LEAD),
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="recovery-pictures-", dir="/var/tmp") as folder,
        running_demo(Path(folder)) as demo,
        chromium() as browser,
    ):
        demo["admin_url"] = _admin_url(demo)
        for places, who in rooms:
            found += _look_at(browser, demo, places, who, wanted)
    print("\n".join(found) or "Nothing was found.")
    return 1 if found else 0


def _admin_url(demo: Demo) -> str:
    """The embedded server's owner, who may turn a session's clock back."""
    from recovery_api.gateways.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(demo["run_dir"] / "postgres").find()
    assert server is not None
    return server.admin_url.rpartition("/")[0] + "/recovery_demo"


def _look_at(browser: Browser, demo: Demo, places: dict[str, Visit], who: int | None, wanted: set[str]) -> list[str]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    context.set_default_timeout(20_000)
    page = context.new_page()
    if who is not None:
        sign_in(page, demo, who)
    found: list[str] = []
    page.on("response", lambda one: found.append(f"{one.url}: {one.status}") if one.status >= 500 else None)
    for name, visit in places.items():
        if not wanted or name in wanted:
            print(name, flush=True)
            try:
                found += _look_at_one(context, page, demo, name, visit)
            except Error as failed:
                found.append(f"{name}: {failed.message.splitlines()[0]}")
    context.close()
    return found


def _look_at_one(context: BrowserContext, page: Page, demo: Demo, name: str, visit: Visit) -> list[str]:
    visit(page, demo)
    found = _in_each_light(page, name)
    keep(page, name, PAGES)
    if name in SEEN_BY_ALL:
        _as_others_see(context, page, name)
    if name not in ONCE:
        found += _in_spanish(context, page, demo, name, visit)
    return found


def _in_each_light(page: Page, name: str) -> list[str]:
    """What axe says of a page in light and dark, wide and narrow, and how far it runs over 320 px."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = []
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light)  # type: ignore[arg-type]
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            said: list[str] = page.evaluate(LOOK, RULES)
            found += [f"{name}, {light}, {width}: {one}" for one in said]
    more = overflow(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})
    return [*found, f"{name}: {more} px wider than 320"] if more else found


def _in_spanish(context: BrowserContext, page: Page, demo: Demo, name: str, visit: Visit) -> list[str]:
    """The same page in Spanish."""
    context.add_cookies([{"name": "language", "value": "es", "url": demo["base_url"]}])
    visit(page, demo)
    found = _in_each_light(page, f"{name} (es)")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=PAGES / f"{name}-es.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})
    context.clear_cookies(name="language")
    return found


def _as_others_see(context: BrowserContext, page: Page, name: str) -> None:
    """The page as people see it who see colours otherwise, simulated by Chromium."""
    tools: Any = context.new_cdp_session(page)
    for kind in BLIND:
        tools.send("Emulation.setEmulatedVisionDeficiency", {"type": kind})
        page.screenshot(path=PAGES / f"{name}-{kind}.png", full_page=True)
    tools.send("Emulation.setEmulatedVisionDeficiency", {"type": "none"})
    tools.detach()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
