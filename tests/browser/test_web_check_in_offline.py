"""The web check-in in a browser with scripts: offline, sent twice, in both languages, light, dark and narrow."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Row, select

from recovery_api.models import tables
from recovery_api.services.text_check_in_link import make_link
from tests.browser.conftest import Keep
from tests.browser.demo import AXE, LOOK, RULES
from tests.builders import ClockHand, PatientPersona, make_clinic, make_patient

pytestmark = [pytest.mark.browser]

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
}


@dataclass
class Site:
    """The application behind a real socket, and what a patient of it left there."""

    url: str
    patient: PatientPersona

    def link(self, language: str = "en") -> str:
        """A fresh link, as it would be texted."""
        with self.patient.clinic.open() as scope:
            now = self.patient.clinic.wiring.clock.now()
            return make_link(scope, self.patient.id, self.patient.episode_id, language, self.url, now)

    def check_ins(self) -> list[Row[Any]]:
        """What was recorded, oldest first."""
        with self.patient.clinic.open() as scope:
            return list(scope.connection.execute(select(tables.check_in).order_by(tables.check_in.c.id)).all())


@pytest.fixture
def site(app: Flask, address: str, clock: ClockHand) -> Site:
    return Site(address, make_patient(make_clinic(app)))


@pytest.fixture
def phone(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Phones with scripts, each with the complaints that its browser had."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_phone(look: str = "light") -> Page:
        context = browser.new_context(**LOOKS[look])
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        return page

    yield open_phone
    for context in contexts:
        context.close()
    assert complaints == []


def open_link(page: Page, site: Site, language: str = "en") -> None:
    """Give the year, and arrive on the page that needs no network."""
    page.goto(site.link(language))
    page.fill("#year", "1948")
    page.locator("button.main").click()
    page.wait_for_url(re.compile(f"/c/app/{language}"))
    expect(page.locator("#asked-pain")).to_be_visible()


def press(page: Page, step: str, said: str) -> None:
    page.locator(f"[data-step={step}] button[value='{said}']").click()


def answer_all(page: Page) -> None:
    press(page, "pain", "4")
    press(page, "activity", "short_walks")
    page.fill("[data-step=pills] input", "2")
    page.locator("[data-step=pills] button").click()
    press(page, "new", "no")


def worker_is_ready(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then((one) => one.active.state)")
    page.wait_for_function("caches.match('/c/app/en').then((held) => Boolean(held))")


def test_an_answer_given_without_a_network_arrives_once_however_often_it_is_sent(
    phone: Callable[..., Page], site: Site, snapshot: Keep
) -> None:
    page = phone()
    open_link(page, site)
    worker_is_ready(page)
    page.context.set_offline(True)
    page.reload()
    answer_all(page)
    expect(page.locator("[data-step=summary]")).to_contain_text("Short walks")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    expect(page.locator(".note")).to_contain_text("No internet")
    snapshot(page, "check-in-offline")
    assert site.check_ins() == []
    sent = page.evaluate("store('readonly', (kept) => kept.getAll(IDBKeyRange.bound('later ', 'later!')))")
    page.reload()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    again = page.evaluate("(form) => fetch('/c/later', {method: 'POST', body: new URLSearchParams(form)})", sent[0])
    assert again is not None
    page.evaluate("(form) => keep('later ' + form.token, form).then(sendWaiting)", sent[0])
    [row] = site.check_ins()
    assert (row.channel, row.pain, row.activity_level, row.pills_total) == ("web", 4, "short_walks", 2)
    assert page.evaluate("store('readonly', (kept) => kept.getAllKeys())") == ["now"]
    assert page.evaluate("find('now').then((now) => now.answers)") == {}


def test_a_danger_without_a_network_shows_at_once_whom_to_call(
    phone: Callable[..., Page], site: Site, snapshot: Keep
) -> None:
    page = phone("dark")
    open_link(page, site, "es")
    worker_is_ready(page)
    page.context.set_offline(True)
    page.goto(f"{site.url}/c/app/es#symptoms")
    page.get_by_label("Piernas débiles").check()
    page.locator("[data-step=symptoms] button.main").click()
    expect(page.get_by_role("heading", name="Llame al 911 ahora")).to_be_visible()
    expect(page.locator(".advice")).to_contain_text("Todavía no vemos sus respuestas")
    expect(page.locator("main a.call")).to_have_attribute("href", "tel:911")
    expect(page.locator(".note")).to_be_visible()
    snapshot(page, "check-in-danger-offline")
    assert violations(page) == []
    page.context.set_offline(False)
    expect(page.locator(".note")).to_be_hidden()
    [row] = site.check_ins()
    assert row.symptoms == ["leg_weakness"]


def test_what_calls_for_the_clinic_is_not_left_waiting_for_it(phone: Callable[..., Page], site: Site) -> None:
    page = phone()
    open_link(page, site)
    page.context.set_offline(True)
    for step, said in (("pain", "4"), ("activity", ""), ("pills", ""), ("new", "yes")):
        press(page, step, said) if step != "pills" else page.locator("[data-step=pills] button").click()
    page.locator("input[name=s_wound]").check()
    page.locator("[data-step=symptoms] button.main").click()
    expect(page.get_by_role("heading", name="Call your clinic now")).to_be_visible()
    expect(page.locator("main a.call")).to_have_attribute("href", "tel:+12125550199")


def test_answers_that_were_begun_are_there_again_when_the_link_is_tapped_again(
    phone: Callable[..., Page], site: Site
) -> None:
    page, link = phone(), site.link()
    page.goto(link)
    page.fill("#year", "1948")
    page.locator("button.main").click()
    press(page, "pain", "7")
    expect(page.locator("#asked-activity")).to_be_visible()
    page.goto(link)
    expect(page.locator("#asked-activity")).to_be_visible()
    page.context.clear_cookies()  # as after half an hour
    page.goto(link)
    expect(page.locator("#asked-activity")).to_be_visible()
    press(page, "activity", "usual_day")
    page.locator("[data-step=pills] button").click()
    press(page, "new", "no")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    [row] = site.check_ins()
    assert (row.pain, row.activity_level, row.pills_total) == (7, "usual_day", None)
    page.goto(link)
    expect(page.get_by_role("heading", name="This link has closed")).to_be_visible()


def test_without_an_open_link_the_page_asks_for_one_and_says_whom_to_call(
    phone: Callable[..., Page], site: Site
) -> None:
    page = phone()
    page.goto(f"{site.url}/c/app/en")
    expect(page.get_by_role("heading", name="Open the link in our text")).to_be_visible()
    expect(page.locator("footer a[href='tel:911']")).to_be_visible()
    expect(page.locator("footer [data-clinic]")).to_be_hidden()


def test_nothing_that_is_kept_for_everybody_names_anybody(phone: Callable[..., Page], site: Site) -> None:
    page = phone()
    open_link(page, site)
    worker_is_ready(page)
    held = page.evaluate(
        "caches.open('shell').then((shell) => shell.keys().then((all) => Promise.all(all.map("
        "(one) => shell.match(one).then((answer) => answer.text().then((text) => one.url + text))))))"
    )
    token = page.evaluate("find('now').then((now) => now.token)")
    assert len(held) == 7
    assert not [text for text in held if token in text or "Annwyl" in text or "2125550199" in text]
    assert page.evaluate("document.cookie + localStorage.length + sessionStorage.length") == "00"


@pytest.mark.soak
def test_every_screen_can_be_used_by_everybody(
    samples: Callable[[int, int], int], phone: Callable[..., Page], site: Site, snapshot: Keep
) -> None:
    every = [("es", "dark"), ("en", "light"), ("es", "light"), ("en", "dark")]
    for language, look in every[: samples(2, 4)]:
        page = phone(look)
        page.goto(site.link(language))
        assert faults(page) == []
        page.fill("#year", "1948")
        page.locator("button.main").click()
        page.wait_for_url(re.compile(f"/c/app/{language}"))
        expect(page.locator("#asked-pain")).to_be_visible()
        for step in ("pain", "activity", "pills", "new", "symptoms", "summary")[: samples(0, 6)]:
            page.goto(f"{site.url}/c/app/{language}#{step}")
            expect(page.locator(f"#asked-{step}")).to_be_visible()
            snapshot(page, f"check-in-{step}-{language}-{look}")
        page.goto(f"{site.url}/c/app/{language}#summary")
        page.locator("[data-step=summary] button.main").click()
        expect(page.locator(".wrong")).to_be_visible()
        page.evaluate(
            "document.querySelectorAll('[data-step]:not([data-step=done])').forEach((one) => one.hidden = false)"
        )
        assert faults(page) == [], "every question at once"


def faults(page: Page) -> list[str]:
    """What a patient with poor sight, a narrow phone or a screen reader would stumble over."""
    found = violations(page)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('button, a.button, a.call, label:has(input), input.number, a.other')].filter("
        "(one) => one.offsetParent && one.getBoundingClientRect().height < 48).map((one) => one.textContent)"
    )
    return found + ([f"{wide} px too wide"] if wide > 0 else []) + [f"too small: {one}" for one in small]


def violations(page: Page) -> list[str]:
    """What axe finds, by its rules for WCAG 2.0 to 2.2, A and AA, and best practice."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(LOOK, RULES)
    return found
