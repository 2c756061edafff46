"""One browser for all files, one demo for the stories, one served application for the rest; pictures with `--long`."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize
from werkzeug.serving import make_server

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import db
from tests.browser.demo import PICTURES, chromium, keep, overflow, running_demo
from tests.deployment import free_port

Keep = Callable[[Page, str], None]
DESK: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The demo as `make run` starts it."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser; every test opens windows of its own in it."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def served(settings: Settings) -> Iterator[Flask]:
    """The application behind a real socket, at a name that passkeys and service workers trust."""
    port = free_port()
    app = create_app(replace(settings, public_url=f"http://localhost:{port}"))
    server = make_server("127.0.0.1", port, app, threaded=True)
    server.daemon_threads = False  # each gives its connection back before the end
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def address(served: Flask) -> str:
    """Where the application listens."""
    return str(served.extensions["recovery"].settings.public_url)


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[Page]:
    """The window of all clinicians: to open one takes as long as five pages in one that is open."""
    context = browser.new_context(viewport=DESK)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(window: Page) -> Iterator[Page]:
    """A clinician's window, without anything of the story before; whatever its console complains of fails this one."""
    complaints: list[str] = []

    def complain(error: Error) -> None:
        complaints.append(str(error))

    def listen(line: ConsoleMessage) -> None:
        if _is_complaint(line):
            complaints.append(line.text)

    window.on("pageerror", complain)
    window.on("console", listen)
    yield window
    window.remove_listener("pageerror", complain)
    window.remove_listener("console", listen)
    _empty(window)
    assert complaints == []


def _empty(window: Page) -> None:
    """As after closing it: nothing is signed in, kept, drawn otherwise or still asking."""
    origin = "/".join(window.url.split("/")[:3])
    window.goto("about:blank")
    devtools = window.context.new_cdp_session(window)
    devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    devtools.detach()
    window.context.clear_cookies()
    window.emulate_media(media="null", color_scheme="null")
    window.set_viewport_size(DESK)


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
        page.set_viewport_size(DESK)

    return kept


@pytest.fixture
def snapshot(pytestconfig: pytest.Config) -> Keep:
    """Keep one picture of a page as it is, with `--long`."""

    def kept(page: Page, name: str) -> None:
        if pytestconfig.getoption("--long"):
            PICTURES.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    return kept
