"""Every page of the clinicians, each by a name and the way to it, for the pictures and the look at accessibility."""

import os
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pyotp
from playwright.sync_api import Page

from tests.browser.demo import sign_in
from tests.deployment import FLASK, PROJECT

Demo = dict[str, Any]
Visit = Callable[[Page, Demo], None]
NURSE, CLINICIAN, LEAD = 0, 1, 2
BAD_SHEET = (
    "given_name,family_name,born_on,phone,language,procedure_on,levels,consent\n"
    "Oda,Quennelby,1941-02-03,+12125550161,en,2026-11-20,L1,yes\n"
    "Pim,Rastowell,03/04/1948,+12125550162,en,2026-11-20,L1,yes\n"
    "Quill,,1950-05-06,not a phone,xx,2026-11-20,Z9,no\n"
    "Rhoda,Sappermill,1939-07-08,+12125550161,es,,T12 or L1,yes\n"
)
GOOD_SHEET = "\n".join(BAD_SHEET.splitlines()[:2]) + "\n"


def at(path: str) -> Visit:
    """A page by its address."""

    def visit(page: Page, demo: Demo) -> None:
        page.goto(f"{demo['base_url']}{path}")

    return visit


def first(link: str, then: str = "", start: str = "/worklist") -> Visit:
    """A page behind the first link of another that matches, with more of an address after it."""

    def visit(page: Page, demo: Demo) -> None:
        page.goto(f"{demo['base_url']}{start}")
        path = page.locator(link).first.get_attribute("href")
        page.goto(f"{demo['base_url']}{path}{then}")

    return visit


def sent(before: Visit, button: str, **fields: str) -> Visit:
    """What a form answers: fields by their id, then a press."""

    def visit(page: Page, demo: Demo) -> None:
        before(page, demo)
        page.evaluate("for (const one of document.forms) one.noValidate = true")
        for name, value in fields.items():
            place = page.locator(f"#{name}")
            if place.evaluate("one => one.tagName") == "SELECT":
                place.select_option(value)
            else:
                place.fill(value)
        page.locator(button).first.click()
        page.wait_for_load_state()

    return visit


def sheet(content: str) -> Visit:
    """The preview of a spreadsheet."""

    def visit(page: Page, demo: Demo) -> None:
        page.goto(f"{demo['base_url']}/enrol/import")
        page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": content.encode()})
        page.locator("form.drop button.main").click()
        page.wait_for_load_state()

    return visit


def proved(path: str) -> Visit:
    """A page that asks for a fresh proof, once it has it."""

    def visit(page: Page, demo: Demo) -> None:
        page.goto(f"{demo['base_url']}{path}")
        if "/prove" in page.url:
            page.fill("#proof", demo["staff"][LEAD]["password"])
            page.locator("button.main").click()
            page.wait_for_url(re.compile(f"{path}$"))

    return visit


A_ROW = "#worklist a.name[href^='/patients/']"
OPEN_PLACES: dict[str, Visit] = {
    "worklist": at("/worklist"),
    "worklist-mine": at("/worklist?show=mine"),
    "worklist-unassigned": at("/worklist?show=unassigned"),
    "worklist-silent": at("/worklist?show=silent"),
    "worklist-resolved": at("/worklist?show=resolved"),
    "handover": at("/worklist/handover"),
    "patient": first(A_ROW),
    "patient-calm": first("main a[href^='/patients/']", start="/patients"),
    "patient-paper": first(A_ROW, "/print"),
    "check-in": first(A_ROW, "/check-ins/new"),
    "check-in-wrong": sent(first(A_ROW, "/check-ins/new"), "main form button.main"),
    "questionnaires": first(A_ROW, "/forms"),
    "questionnaires-wrong": sent(first(A_ROW, "/forms"), "#odi button.main"),
    "procedure": first(A_ROW, "/procedure"),
    "procedure-wrong": first(A_ROW, "/procedure?day=never"),
    "procedure-moved": first(A_ROW, f"/procedure?day={datetime.now(UTC).date() + timedelta(days=3)}"),
    "resolve": first("#worklist a[href$='/resolve']"),
    "resolve-wrong": sent(first("#worklist a[href$='/resolve']"), "main form button.main"),
    "patients": at("/patients"),
    "patients-none": at("/patients?q=nobodyhere"),
    "inbox": at("/inbox"),
    "enrol": at("/enrol"),
    "enrol-wrong": sent(at("/enrol"), "form.enrol button.main", phone="12", born_on="never"),
    "import": at("/enrol/import"),
    "import-bad": sheet(BAD_SHEET),
    "import-good": sheet(GOOD_SHEET),
    "clinic": at("/clinic"),
    "ladder": at("/clinic/ladder"),
    "rota": at("/clinic/rota"),
    "protocol": at("/clinic/protocol"),
    "rules": at("/clinic/rules"),
    "texts": at("/texts"),
    "text": at("/texts/saved/en"),
    "reports": at("/clinic/reports"),
    "staff": at("/clinic/staff"),
    "audit": at("/clinic/audit"),
    "account": at("/account"),
    "emergency": proved("/emergency"),
    "export": proved("/export"),
    "missing": at("/patients/00000000-0000-0000-0000-000000000000"),
    "phone": at("/demo/phone"),
}
DOORS: dict[str, Visit] = {
    "sign-in": at("/sign-in"),
    "sign-in-wrong": sent(at("/sign-in"), "button.main", email="nurse@demo.example", password="a wrong one", totp="1"),
}


def enrolled(page: Page, demo: Demo) -> None:
    """A patient is enrolled by the page; the answer says what happens now."""
    page.goto(f"{demo['base_url']}/enrol")
    page.fill("#given_name", "Zwilbrynn")
    page.fill("#family_name", "Quaddlewick")
    page.fill("#born_on", "12 Mar 1948")
    page.fill("#phone", "2125550147")
    page.check("#when-open")
    page.check("#level-L1", force=True)
    page.check("#consent")
    page.locator("form.enrol button.main").click()
    page.wait_for_url(re.compile("/enrol/[0-9a-f-]{36}"))


def day_of_procedure(page: Page, demo: Demo) -> None:
    """The page that gives the open day of a procedure."""
    page.goto(f"{demo['base_url']}/enrol")
    page.locator("#waiting a").first.click()
    page.wait_for_load_state()


def home_sheet(page: Page, demo: Demo) -> None:
    """The sheet with the code for the app."""
    first(A_ROW)(page, demo)
    page.locator("form[action$='/app-code'] button").first.click()
    page.wait_for_load_state()


def chart_note(page: Page, demo: Demo) -> None:
    """What closing a flag leads to."""
    sent(
        first("#worklist a[href$='/resolve']"),
        "main form button.main",
        outcome="advised",
        note="Rang; better with rest.",
    )(page, demo)


def visit_over(page: Page, demo: Demo) -> None:
    """The patient's page once a visit is over and nobody said whether it was kept."""
    with psycopg.connect(demo["admin_url"]) as connection:
        connection.execute("UPDATE appointment SET starts_at = starts_at - interval '60 days'")
    first(A_ROW)(page, demo)


DEEDS: dict[str, Visit] = {
    "enrolled": enrolled,
    "enrol-day": day_of_procedure,
    "home-sheet": home_sheet,
    "note": chart_note,
    "visit-over": visit_over,
}


def forbidden(page: Page, demo: Demo) -> None:
    """What a nurse gets who asks for a lead's page."""
    page.context.clear_cookies(name="session")
    sign_in(page, demo, NURSE)
    page.goto(f"{demo['base_url']}/clinic/audit")


def proof(page: Page, demo: Demo) -> None:
    """The page that asks whether it is still the same person, as an export does after five minutes."""
    with psycopg.connect(demo["admin_url"]) as connection:
        connection.execute("UPDATE credential SET proved_at = proved_at - interval '1 hour' WHERE kind = 'session'")
    page.goto(f"{demo['base_url']}/export")


def new_clinic(page: Page, demo: Demo) -> None:
    """The set-up page of the first lead of a clinic that has nobody yet."""
    run_dir = demo["run_dir"]
    env = {
        **os.environ,
        "RECOVERY_ENV": "test",
        "DATABASE_URL": demo["database_url"],
        "RUN_DIR": str(run_dir),
        "PUBLIC_URL": demo["base_url"],
        "TWILIO_API_BASE": demo["simulator"],
    }

    def run(*words: str) -> str:
        made = subprocess.run([*FLASK, *words], env=env, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        return made.stdout

    run("clinic", "add", "Empty Clinic", "--number", "+12125550188", "--zone", "America/New_York", "--phone",
        "+12125550187")  # fmt: skip
    said = run("staff", "add", "tilda@empty.example", "--role", "lead", "--clinic", "Empty Clinic", "--name", "Tilda")
    page.goto(said.split()[-1])


def set_up(page: Page, demo: Demo) -> None:
    """Filled in and saved, it signs in, and leads to the empty worklist."""
    secret = "".join(page.locator(".secret code").inner_text().split())
    page.fill("#password", "four made-up words here")
    page.fill("#password_again", "four made-up words here")
    page.fill("#totp", pyotp.TOTP(secret).now())
    page.locator("button.main").click()
    page.wait_for_url(re.compile("/worklist$"))


EMPTY: dict[str, Visit] = {
    "set-up": new_clinic,
    "set-up-done": set_up,
    "empty-worklist": at("/worklist"),
    "empty-patients": at("/patients"),
    "empty-inbox": at("/inbox"),
    "empty-reports": at("/clinic/reports"),
    "empty-rules": at("/clinic/rules"),
    "empty-rota": at("/clinic/rota"),
    "empty-audit": at("/clinic/audit"),
    "empty-resolved": at("/worklist?show=resolved"),
}

LAST: dict[str, Visit] = {"proof": proof, "forbidden": forbidden}
