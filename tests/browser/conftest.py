"""One demo and one browser for all stories, and the pictures that they leave with `--long`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.demo import chromium, keep, overflow, running_demo

Keep = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The demo as `make run` starts it."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; one at a time lives in a process."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A clinician's window; whatever its console complains of fails the story."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.append(line.text) if _is_complaint(line) else None)
    yield opened
    context.close()
    assert complaints == []


def _is_complaint(line: ConsoleMessage) -> bool:
    """Whether something went wrong; that a form came back with what has to be mended is as it should be."""
    return line.type == "error" and "status of 422" not in line.text


@pytest.fixture
def picture(pytestconfig: pytest.Config) -> Keep:
    """Keep a page: that nothing scrolls sideways at 320 px always, pictures of it with `--long`."""

    def kept(page: Page, name: str) -> None:
        if pytestconfig.getoption("--long"):
            keep(page, name)
        assert overflow(page) == 0, name
        page.set_viewport_size({"width": 1440, "height": 900})

    return kept
