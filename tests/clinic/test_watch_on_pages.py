"""Every clinician's page says when the monitoring is degraded; the worklist shows the self-test green or red."""

import pytest
from flask.testing import FlaskClient

from recovery_api.services.beat import beat
from recovery_api.services.check_readiness import SEEN_WITHIN
from recovery_api.services.credentials import issue
from recovery_api.services.keep_watch import keep_watch
from tests.builders import BuiltClinic, PatientPersona, Persona
from tests.services.scripted_carrier import RealTime


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    """Real time, which heartbeats keep."""
    return RealTime(monkeypatch)


@pytest.fixture
def browser(ben: Persona, real: RealTime) -> FlaskClient:
    """Ben's browser, signed in, while everything runs."""
    all_but(ben.clinic)
    with ben.clinic.open() as scope:
        secret = issue(scope.connection, "session", ben.clinic.id, ben.id)
    client = ben.clinic.app.test_client()
    client.set_cookie("__Host-session", secret)
    return client


def all_but(clinic: BuiltClinic, *stopped: str) -> None:
    with clinic.app.app_context():
        for process in set(SEEN_WITHIN) - set(stopped):
            beat(process, "here:1:1")


def watched(clinic: BuiltClinic, kind: str, trouble: str | None) -> None:
    with clinic.open() as scope:
        keep_watch(scope.connection, clinic.id, kind, trouble, {})


@pytest.mark.parametrize("stopped", sorted(SEEN_WITHIN))
def test_a_process_that_stops_shows_on_every_page_within_three_minutes(
    browser: FlaskClient, ann: PatientPersona, real: RealTime, stopped: str
) -> None:
    pages = ("/worklist", "/worklist/rows", f"/patients/{ann.id}", "/inbox", "/health-line")
    assert not [page for page in pages if "Monitoring degraded" in browser.get(page).text]
    real.forward(minutes=3)
    all_but(ann.clinic, stopped)
    for page in pages:
        shown = browser.get(page).text
        assert shown.count(f"({stopped}). Flags may come late.") == 1, page


def test_a_page_that_stays_open_asks_for_that_line_by_itself(browser: FlaskClient, ann: PatientPersona) -> None:
    page = browser.get(f"/patients/{ann.id}").text
    assert 'id="health" aria-live="polite" hidden></p>' in page
    assert "clinic/health.js" in page
    assert 'id="health"' not in browser.get("/worklist").text, "its rows carry the line"
    asked = browser.get("/health-line", headers={"HX-Request": "true"})
    assert (asked.status_code, asked.text, asked.mimetype) == (200, "", "text/plain")


def test_what_the_watches_find_shows_and_so_does_a_watch_that_stops(
    browser: FlaskClient, clinic: BuiltClinic, real: RealTime
) -> None:
    watched(clinic, "coverage", "flags 1")
    assert "Monitoring degraded: some patients" in browser.get("/worklist").text
    watched(clinic, "coverage", None)
    assert "Monitoring degraded" not in browser.get("/worklist").text
    real.forward(minutes=4)
    all_but(clinic)
    assert "Monitoring degraded: some patients" in browser.get("/worklist").text


def test_the_worklist_shows_the_self_test_green_or_red(
    browser: FlaskClient, clinic: BuiltClinic, real: RealTime
) -> None:
    assert "Self-test" not in browser.get("/worklist").text
    watched(clinic, "trial", None)
    assert "Self-test passed" in browser.get("/worklist/rows").text
    watched(clinic, "trial", "after_texted")
    page = browser.get("/worklist").text
    assert "Self-test failed" in page
    assert "Monitoring degraded: the self-test did not pass" in page


def test_total_silence_is_said_on_every_page_in_words_that_tell_what_to_do(
    browser: FlaskClient, clinic: BuiltClinic, real: RealTime
) -> None:
    watched(clinic, "replies", "none")
    for page in ("/worklist", "/worklist/rows", "/inbox"):
        shown = browser.get(page).text
        assert "No replies at all for 2 hours: check texting." in shown
        assert "Monitoring degraded" not in shown
    watched(clinic, "replies", None)
    assert "No replies at all" not in browser.get("/worklist").text
    for _ in range(2):  # within the time in which a session goes idle
        real.forward(minutes=11)
        all_but(clinic)
        browser.get("/worklist")
    assert "Monitoring degraded: no replies come in" in browser.get("/worklist").text, "nobody looks any more"
