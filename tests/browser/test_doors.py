"""In Chromium: a passkey of a virtual authenticator, a page that locks and keeps its draft, enrolment by keyboard."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page, expect
from sqlalchemy import select, update

from recovery_api.clock import real_now
from recovery_api.models import tables
from recovery_api.services.credentials import SESSION_IDLE
from tests.browser.conftest import Keep
from tests.builders import (
    PASSWORD,
    TOTP_SECRET,
    BuiltClinic,
    ClockHand,
    Persona,
    make_clinic,
    make_clinician,
    make_patient,
)

pytestmark = pytest.mark.browser
EMAIL = "dee@clinic.example"
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip
NOTE = "half a note about the gazebo"


@dataclass
class Place:
    """A served clinic, a lead of it, and a browser with an authenticator."""

    address: str
    clinic: BuiltClinic
    dee: Persona
    page: Page
    authenticator: CDPSession


@pytest.fixture
def place(app: Flask, served: Flask, address: str, clock: ClockHand, browser: Browser) -> Iterator[Place]:
    clinic = make_clinic(served)
    dee = make_clinician(clinic, "lead", email=EMAIL, signs_in=True)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Security Policy" in line.text else None)
    authenticator = context.new_cdp_session(page)
    authenticator.send("WebAuthn.enable")
    authenticator.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield Place(address, clinic, dee, page, authenticator)
    context.close()
    assert wrong == []


def sign_in(place: Place) -> None:
    with place.clinic.open() as scope:
        scope.connection.execute(update(tables.clinician).values(totp_step=0))
    place.page.goto(f"{place.address}/sign-in")
    place.page.fill("#email", EMAIL)
    place.page.fill("#password", PASSWORD)
    place.page.fill("#totp", pyotp.TOTP(TOTP_SECRET).now())
    place.page.get_by_role("button", name="Sign in", exact=True).click()
    place.page.wait_for_url("**/worklist")


def add_passkey(place: Place) -> None:
    place.page.goto(f"{place.address}/account")
    place.page.fill("#name", "Ward laptop")
    place.page.get_by_role("button", name="Add a passkey").click()
    expect(place.page.get_by_text("The passkey was added.")).to_be_visible()


def test_a_passkey_is_added_signs_in_alone_and_is_worth_nothing_once_removed(place: Place, snapshot: Keep) -> None:
    sign_in(place)
    add_passkey(place)
    page = place.page
    snapshot(page, "account")
    page.goto(f"{place.address}/worklist")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/worklist")
    page.goto(f"{place.address}/account")
    expect(page.get_by_text("by passkey")).to_be_visible()
    page.get_by_role("button", name="Remove Ward laptop").click()
    expect(page.get_by_text("The passkey was removed.")).to_be_visible()
    page.goto(f"{place.address}/worklist")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey was not accepted.")).to_be_visible()
    with place.clinic.open() as scope:
        audit = tables.audit_event
        deeds = scope.connection.execute(select(audit.c.action).where(audit.c.actor_id == place.dee.id)).scalars().all()
    assert [deed for deed in deeds if "passkey" in deed] == ["passkey.added", "passkey.removed"]


def test_a_recorded_passkey_answer_is_worth_nothing_the_second_time(place: Place) -> None:
    sign_in(place)
    add_passkey(place)
    page, sent = place.page, []
    page.on("request", lambda one: sent.append(one.post_data) if one.url.endswith("/sign-in/passkey") else None)
    page.goto(f"{place.address}/worklist")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/worklist")
    again = (
        "(body) => fetch('/sign-in/passkey', {method: 'POST', body: new URLSearchParams(body)}).then((a) => a.status)"
    )
    page.context.clear_cookies(name="session")
    assert page.evaluate(again, sent[0]) == 401


def test_an_untouched_page_locks_itself_and_what_was_written_is_still_there(place: Place, snapshot: Keep) -> None:
    ann = make_patient(place.clinic)
    sign_in(place)
    page = place.page
    page.clock.install()
    page.goto(f"{place.address}/patients/{ann.id}")
    box = page.locator("textarea[name=body]")
    box.fill(NOTE)
    page.clock.fast_forward("16:00")
    with place.clinic.open() as scope:
        idle = real_now() - SESSION_IDLE - timedelta(minutes=1)
        sessions = update(tables.credential).where(tables.credential.c.kind == "session")
        scope.connection.execute(sessions.values(seen_at=idle, proved_at=idle))
    lock = page.locator("#lock")
    expect(lock).to_be_visible()
    expect(page.locator("h1")).to_be_hidden()
    snapshot(page, "locked")
    page.keyboard.press("Escape")
    expect(lock).to_be_visible()
    page.fill("#lock-proof", "a wrong passphrase")
    for broken in (lambda asked: asked.abort(), lambda asked: asked.fulfill(status=502, body="<p>away</p>")):
        page.route("**/prove", broken)
        page.keyboard.press("Enter")
        expect(lock.get_by_text("No answer from the clinic. Try again.")).to_be_visible()
        page.unroute("**/prove")
    page.keyboard.press("Enter")
    expect(lock.get_by_text("The password or code is not right.")).to_be_visible()
    page.fill("#lock-proof", PASSWORD)
    page.keyboard.press("Enter")
    expect(lock).to_be_hidden()
    expect(box).to_have_value(NOTE)
    page.locator("form", has=box).get_by_role("button").last.click()
    expect(page.locator(".thread", has_text=NOTE)).to_be_visible()


def test_a_patient_is_enrolled_by_the_keyboard_alone(place: Place, snapshot: Keep) -> None:
    sign_in(place)
    page = place.page
    page.goto(f"{place.address}/enrol")
    keys = page.keyboard
    for typed in ("Zwilbrynn", "Quaddlewick", "12 Mar 1948", "F", "2125550147"):
        keys.type(typed)
        keys.press("Tab")
    keys.press("Tab")  # it takes texts
    keys.press("ArrowRight")  # Spanish
    expect(page.locator(".words-es.of-texts")).to_be_visible()
    expect(page.locator(".words-en.of-texts")).to_be_hidden()
    keys.press("Tab")
    keys.press("Tab")  # on a day
    keys.type("21 Nov 2026")
    keys.press("Tab")
    keys.type("8")
    keys.press("Tab")
    keys.type("l1")
    keys.press("Tab")
    expect(page.locator("#chosen")).to_have_text("Chosen: L1")
    keys.press("Tab")  # past the link past the drawing, and the neck
    keys.press("Tab")
    assert page.evaluate("document.activeElement.id") == "level-L1"
    keys.press("ArrowUp")
    keys.press("Space")
    expect(page.locator("#chosen")).to_have_text("Chosen: T12, L1")
    for _ in range(3):  # the sacrum, the folded part, consent
        keys.press("Tab")
    assert page.evaluate("document.activeElement.id") == "consent"
    keys.press("Space")
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Quaddlewick, Zwilbrynn is enrolled")
    snapshot(page, "enrolled-by-keys")
